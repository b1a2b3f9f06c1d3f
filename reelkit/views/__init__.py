"""What a notebook shows: a pure ``html(value)`` and, over it, a widget."""
