"""Read the lists that describe networks, layer by layer, for any framework."""


def described(name, arguments, layers):
    """Return the class of a layer, its arguments, and its arguments by name.

    arguments: as in the list, with a dictionary at the end if some are given by name; layers: the classes, by name
    Raises ValueError if no class has the name.
    """
    if name not in layers:
        raise ValueError(f"there is no layer {name!r}: choose among {', '.join(layers)} and Residual")
    named = arguments[-1] if arguments and isinstance(arguments[-1], dict) else {}
    return layers[name], arguments[: len(arguments) - bool(named)], named
