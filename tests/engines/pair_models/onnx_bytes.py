"""The smallest pair network as an ONNX file, written field by field: rows that don't depend on the pictures."""

import struct

FLOAT, UINT8 = 1, 2
INT, INTS = 2, 7


def network(row, inputs=("first", "second")):
    """Mean colour of the first picture x 0 + a row of five numbers."""
    nodes = [
        _node("Cast", [inputs[0]], "cast", _attribute("to", INT, 3, FLOAT)),
        _node("ReduceMean", ["cast"], "mean", _attribute("axes", INTS, 8, 1, 2), _attribute("keepdims", INT, 3, 0)),
        _node("MatMul", ["mean", "zeros"], "none"),
        _node("Add", ["none", "row"], "rows"),
    ]
    constants = [_tensor("zeros", [3, 5], [0.0] * 15), _tensor("row", [5], row)]
    ends = [_field(11, _value(name, UINT8, ["n", "h", "w", 3])) for name in inputs]
    graph = b"".join(
        [*(_field(1, node) for node in nodes), _field(2, b"pairs"), *(_field(5, one) for one in constants), *ends]
    ) + _field(12, _value("rows", FLOAT, ["n", 5]))
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 17))


def _varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _field(field, data):
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _attribute(name, kind, field, *values):
    return _field(1, name.encode()) + b"".join(_number(field, value) for value in values) + _number(20, kind)


def _node(operator, inputs, output, *attributes):
    named = b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode())
    return named + _field(4, operator.encode()) + b"".join(_field(5, attribute) for attribute in attributes)


def _tensor(name, shape, values):
    sizes = b"".join(_number(1, size) for size in shape)
    return sizes + _number(2, FLOAT) + _field(8, name.encode()) + _field(9, struct.pack(f"<{len(values)}f", *values))


def _value(name, kind, shape):
    sides = [_number(1, side) if isinstance(side, int) else _field(2, side.encode()) for side in shape]
    tensor = _number(1, kind) + _field(2, b"".join(_field(1, side) for side in sides))
    return _field(1, name.encode()) + _field(2, _field(1, tensor))
