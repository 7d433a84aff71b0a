"""Structure: sound arrays of every layout pass, bad UTF-8 included; broken ones do not."""

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.errors import KernelInputError
from gauger.engine.intake.admission import structure


@pytest.mark.parametrize(
    "array",
    [
        pa.array([], pa.string()),
        pa.array(["a", None, "b"]).slice(1),
        pa.array([b"\xff"]).view(pa.string()),
        pa.array([[b"\xff"]]).view(pa.list_(pa.string())),
        pa.array(["a", "b"]).dictionary_encode(),
        pa.array([{"role": "user", "content": ["a"]}]),
        pa.array([["a"]], pa.list_(pa.string_view())),
        pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())),
        pa.array([["a"]], pa.list_(pa.large_string(), 1)),
        pa.array([["a"]], pa.large_list(pa.string())),
        pa.nulls(2),
    ],
    ids=lambda array: str(array.type),
)
def test_sound_arrays_pass(array: pa.Array) -> None:
    structure.check("column", array)
    assert len(array) >= 0


def test_broken_offsets_inside_a_struct_are_found() -> None:
    offsets = pa.py_buffer(np.array([0, 90, 1], np.int32))
    wild = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a")])
    with pytest.raises(KernelInputError, match="column column: broken Arrow data"):
        structure.check("column", pa.StructArray.from_arrays([wild], ["content"]))
