"""Exercise 04.3: how far a unit sees."""

from animegan_workshop.checks.tools import exercise, try_cases


def receptive_fields(layers: list[tuple[int, int]]) -> list[int]:
    """The field after each layer, in pixels; layers: (kernel, stride) from the picture upwards."""
    field, step, fields = 1, 1, []
    for kernel, stride in layers:
        grows = (kernel - 1) * step
        field += grows
        fields.append(field)
        step *= stride
    return fields


FAULTS = """
    a list with the field of each layer is asked for, not the last one alone
        :: return fields => return field :: return fields => return fields[-1:]
    leave out the 1 at the start: one number for each layer :: [] => [1]
    a layer adds kernel - 1 steps, not kernel: windows overlap
        :: kernel - 1 => kernel :: (kernel - 1) => (kernel - (not fields))
    the distance is renewed after the layer: its own stride counts from the next one on
        :: * step => * step * stride
    the distance is the product of the strides so far, not one stride
        :: * step => * stride :: step *= => step =
    multiply the strides, do not add them up :: step *= => step += :: *= stride => += stride - 1
        :: 1, 1, [] => 1, 0, [] && * step => * max(step, 1) && step *= => step +=
    the strides are missing :: * step =>
    use each layer's own stride, it is not always 2 :: *= stride => *= 2
    add kernel - 1 times the distance, do not multiply kernels :: field += grows => field *= kernel
    kernels do not just add up: windows overlap :: += grows => += kernel - (not fields)
    that goes down from the top: keep the distance :: += grows => = (field - 1) * stride + kernel
    start from 1: a single pixel sees itself :: field, step, fields = 1 => field, step, fields = 0
    that is how much each layer adds: add it to the field so far :: append(field) => append(grows)
    that is the distance of two units, asked for is the field
        :: append(field) => append(step) :: append(field) => append(step * stride)
    that is the size of the maps, asked for is how many pixels a unit sees
        :: append(field) => append((64 - field) // (step * stride) + 1)
    give the field alone, no pair :: append(field) => append((field, step * stride))
    a field may be larger than the picture: no limit :: append(field) => append(min(field, 64))
    you run through the layers from the top: start at the picture :: in layers => in layers[::-1]
    return stands inside the loop :: return fields => return fields[:1]
"""


@exercise("04.3", receptive_fields)
def receptive_field(answer, seed):
    """[(kernel, stride), ...] from the picture upwards -> [field of each layer's units, pixels]."""
    cases = [([(4, 2)] * 4 + [(4, 1)],), ([(3, 1), (5, 2), (3, 3), (2 + seed % 3, 2)],)]
    try_cases(answer, receptive_fields, cases, FAULTS)
    return "the field of the units of every layer"
