"""Machine-level primitives Numba has no spelling for: unaligned loads, 128-bit products, bit counts, 64-byte compares.

Addresses are plain integers (``array.ctypes.data + offset``): the caller keeps the array alive and in bounds. The
64-byte forms lower to one AVX-512, two AVX2 or four SSE2 registers, whatever the machine has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from gauger.kernels.machine.jit import inline

_I1, _I8, _I32, _I64, _I128 = (ir.IntType(bits) for bits in (1, 8, 32, 64, 128))
_BYTES64 = ir.VectorType(_I8, 64)
_LANES = ir.VectorType(_I64, 8)


def _splat(value: int) -> ir.Constant:
    return ir.Constant(_BYTES64, [value] * 64)


def _load(builder: Any, address: Any, kind: Any) -> Any:
    value = builder.load(builder.inttoptr(address, kind.as_pointer()), typ=kind)
    value.align = 1
    return value


@intrinsic
def load64(typing_context, address):
    """Eight bytes at ``address``, little-endian, unaligned, as uint64."""

    def codegen(context, builder, signature, arguments):
        return _load(builder, arguments[0], _I64)

    return types.uint64(types.int64), codegen


@intrinsic
def load32(typing_context, address):
    """Four bytes at ``address``, little-endian, unaligned, as uint64."""

    def codegen(context, builder, signature, arguments):
        return builder.zext(_load(builder, arguments[0], _I32), _I64)

    return types.uint64(types.int64), codegen


@intrinsic
def load8(typing_context, address):
    """One byte at ``address`` as uint64."""

    def codegen(context, builder, signature, arguments):
        return builder.zext(_load(builder, arguments[0], _I8), _I64)

    return types.uint64(types.int64), codegen


@intrinsic
def store8(typing_context, address, value):
    """Write the low byte of ``value`` at ``address``."""

    def codegen(context, builder, signature, arguments):
        builder.store(builder.trunc(arguments[1], _I8), builder.inttoptr(arguments[0], _I8.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.uint64), codegen


@intrinsic
def store64(typing_context, address, value):
    """Write ``value`` as eight little-endian bytes at ``address``, unaligned."""

    def codegen(context, builder, signature, arguments):
        stored = builder.store(arguments[1], builder.inttoptr(arguments[0], _I64.as_pointer()))
        stored.align = 1
        return context.get_dummy_value()

    return types.void(types.int64, types.uint64), codegen


@intrinsic
def scalar(typing_context):
    """Keep the loop around it scalar: an empty piece of assembly, which costs nothing and cannot be vectorised.

    For loops of table look-ups: the compiler would gather and scatter them eight at a time, at three times the cost.
    """

    def codegen(context, builder, signature, arguments):
        builder.asm(ir.FunctionType(ir.VoidType(), []), "", "", [], True)
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def fold_multiply(typing_context, left, right):
    """High half xor low half of the 128-bit product: a strong mixing step for already keyed hashes."""

    def codegen(context, builder, signature, arguments):
        product = builder.mul(builder.zext(arguments[0], _I128), builder.zext(arguments[1], _I128))
        high = builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)
        return builder.xor(builder.trunc(product, _I64), high)

    return types.uint64(types.uint64, types.uint64), codegen


@intrinsic
def trailing_zeros(typing_context, value):
    """Number of zero bits below the lowest set bit (64 for zero)."""

    def codegen(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(_I1, 0))

    return types.int64(types.uint64), codegen


@intrinsic
def leading_zeros(typing_context, value):
    """Number of zero bits above the highest set bit (64 for zero)."""

    def codegen(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(_I1, 0))

    return types.int64(types.uint64), codegen


@intrinsic
def bit_count(typing_context, value):
    """Number of set bits."""

    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), codegen


@intrinsic
def fold_case64(typing_context, source, destination):
    """Copy 64 bytes with ASCII letters lower-cased; returns the bit mask of word bytes.

    A word byte is an ASCII letter or digit, or any byte >= 0x80. Bit i belongs to byte i.
    """

    def codegen(context, builder, signature, arguments):
        block = _load(builder, arguments[0], _BYTES64)
        upper = builder.icmp_unsigned("<", builder.sub(block, _splat(65)), _splat(26))
        lower = builder.select(upper, builder.or_(block, _splat(32)), block)
        letter = builder.icmp_unsigned("<", builder.sub(lower, _splat(97)), _splat(26))
        digit = builder.icmp_unsigned("<", builder.sub(lower, _splat(48)), _splat(10))
        high = builder.icmp_unsigned(">=", lower, _splat(128))
        stored = builder.store(lower, builder.inttoptr(arguments[1], _BYTES64.as_pointer()))
        stored.align = 1
        return builder.bitcast(builder.or_(builder.or_(letter, digit), high), _I64)

    return types.uint64(types.int64, types.int64), codegen


@intrinsic
def in_range64(typing_context, source, low, width):
    """Bit mask of the 64 bytes at ``source`` that lie in [low, low + width)."""

    def codegen(context, builder, signature, arguments):
        block = _load(builder, arguments[0], _BYTES64)

        def spread(byte: Any) -> Any:
            one = builder.insert_element(ir.Constant(_BYTES64, ir.Undefined), byte, ir.Constant(_I32, 0))
            zeros = ir.Constant(ir.VectorType(_I32, 64), [0] * 64)
            return builder.shuffle_vector(one, ir.Constant(_BYTES64, ir.Undefined), zeros)

        shifted = builder.sub(block, spread(arguments[1]))
        return builder.bitcast(builder.icmp_unsigned("<", shifted, spread(arguments[2])), _I64)

    return types.uint64(types.int64, types.uint8, types.uint8), codegen


def _rotate(builder: Any, value: Any, bits: int) -> Any:
    """Rotate each 64-bit lane left."""
    left = builder.shl(value, ir.Constant(_LANES, [bits] * 8))
    return builder.or_(left, builder.lshr(value, ir.Constant(_LANES, [64 - bits] * 8)))


def _sip_round(builder: Any, v0: Any, v1: Any, v2: Any, v3: Any) -> tuple[Any, Any, Any, Any]:
    """``siphash.sip_round`` on eight lanes."""
    v0, v2 = builder.add(v0, v1), builder.add(v2, v3)
    v1, v3 = builder.xor(_rotate(builder, v1, 13), v0), builder.xor(_rotate(builder, v3, 16), v2)
    v0 = _rotate(builder, v0, 32)
    v2, v0 = builder.add(v2, v1), builder.add(v0, v3)
    v1, v3 = builder.xor(_rotate(builder, v1, 17), v2), builder.xor(_rotate(builder, v3, 21), v0)
    return v0, v1, _rotate(builder, v2, 32), v3


@intrinsic
def sip_compress(typing_context, state, message, blocks):
    """SipHash-1 compression of eight lanes: block b gives each lane its eight bytes of the 64 at ``message + 64 b``.

    state : address of v0 .. v3, eight uint64 each, updated. The loop is here so that the state stays in registers.
    """

    def codegen(context, builder, signature, arguments):
        state_at, message_at, blocks_left = arguments
        places = [builder.add(state_at, ir.Constant(_I64, 64 * row)) for row in range(4)]
        before = [_load(builder, place, _LANES) for place in places]
        entry, loop, done = builder.block, builder.append_basic_block("lanes"), builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed(">", blocks_left, ir.Constant(_I64, 0)), loop, done)
        builder.position_at_end(loop)
        number = builder.phi(_I64)
        values = [builder.phi(_LANES) for _ in range(4)]
        word = _load(builder, builder.add(message_at, builder.shl(number, ir.Constant(_I64, 6))), _LANES)
        v0, v1, v2, v3 = _sip_round(builder, *values[:3], builder.xor(values[3], word))
        after = [builder.xor(v0, word), v1, v2, v3]
        following = builder.add(number, ir.Constant(_I64, 1))
        builder.cbranch(builder.icmp_signed("<", following, blocks_left), loop, done)
        number.add_incoming(ir.Constant(_I64, 0), entry)
        number.add_incoming(following, loop)
        for value, first, later in zip(values, before, after, strict=True):
            value.add_incoming(first, entry)
            value.add_incoming(later, loop)
        builder.position_at_end(done)
        results = [builder.phi(_LANES) for _ in range(4)]
        for place, result, first, later in zip(places, results, before, after, strict=True):
            result.add_incoming(first, entry)
            result.add_incoming(later, loop)
            builder.store(result, builder.inttoptr(place, _LANES.as_pointer())).align = 1
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@inline
def mix(value, multiplier):
    """Spread every bit of an already keyed hash over all others; unlike ``fold_multiply``, vector code can do it."""
    value ^= value >> np.uint64(32)
    value *= multiplier
    return value ^ (value >> np.uint64(32))
