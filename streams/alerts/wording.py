"""How alerts call places and numbers, in English."""


def in_room(room_id: str | None) -> str:
    """A room by its id; one that is called a room already is not called so twice."""
    return str(room_id) if str(room_id).lower().startswith("room") else f"room {room_id}"


def counted(forms: str, number: float | None, shown: str) -> str:
    """A number with its noun: of "one|many", both with a place for `n`, the form that it takes."""
    one, _, many = forms.partition("|")
    return (one if number == 1 or not many else many).format(n=shown)
