"""Structure: whether an Arrow array may be touched at all.

Offsets from a stranger that decrease or overrun their buffer read fine for a while and then crash the
process, so they are checked before anything reads a value through them.
"""

import pyarrow as pa
import pyarrow.types as pt

from gauger.engine.common.errors import KernelInputError

_AS_BYTES = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}


def check(name: str, array: pa.Array) -> None:
    """Raise ``KernelInputError`` unless offsets, indices and buffer sizes of ``array`` are sound."""
    try:
        array.validate()
        array.view(_opaque(array.type)).validate(full=True)
    except (pa.ArrowException, IndexError):
        raise KernelInputError(
            f"column {name}: broken Arrow data (offsets or buffers); write the batch again"
        ) from None


def _opaque(kind: pa.DataType) -> pa.DataType:
    """``kind`` with text as bytes: bad UTF-8 is a row's fault, bad offsets are the batch's."""
    if kind in _AS_BYTES:
        return _AS_BYTES[kind]
    if pt.is_list(kind):
        return pa.list_(_opaque(kind.value_type))
    if pt.is_large_list(kind):
        return pa.large_list(_opaque(kind.value_type))
    if pt.is_fixed_size_list(kind):
        return pa.list_(_opaque(kind.value_type), kind.list_size)
    if pt.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _opaque(kind.value_type), kind.ordered)
    if pt.is_struct(kind):
        return pa.struct([field.with_type(_opaque(field.type)) for field in kind])
    return kind
