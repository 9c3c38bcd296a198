"""A bounded store of what is dear to make."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class BoundedCache:
    """Keep what was made, the least recently used going first.

    Parameters
    ----------
    max_items : int

    Attributes
    ----------
    made : int
        Items made since the start of the process.
    """

    def __init__(self, max_items: int):
        self.max_items = max_items
        self.made = 0
        self._items: OrderedDict[Hashable, Any] = OrderedDict()
        self._changed = threading.Condition()
        self._under_way: set[Hashable] = set()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Give the item of a key, made now if it is not there.

        Parameters
        ----------
        key : hashable
        make : callable
            Two threads never make the same key at once. Another thread that waited
            for a call that failed makes the item itself.

        Returns
        -------
        item
        """
        with self._changed:
            while True:
                if key in self._items:
                    self._items.move_to_end(key)
                    return self._items[key]
                if key not in self._under_way:
                    self._under_way.add(key)
                    break
                self._changed.wait()
        try:
            item = make()
        except BaseException:
            with self._changed:
                self._under_way.discard(key)
                self._changed.notify_all()
            raise
        with self._changed:
            # In one step: nobody may find the key neither made nor under way.
            self._under_way.discard(key)
            self.made += 1
            self._items[key] = item
            while len(self._items) > self.max_items:
                self._items.popitem(last=False)
            self._changed.notify_all()
        return item

    def keys(self) -> list[Hashable]:
        """List the keys, the least recently used first."""
        with self._changed:
            return list(self._items)

    def __contains__(self, key: Hashable) -> bool:
        with self._changed:
            return key in self._items

    def __len__(self) -> int:
        with self._changed:
            return len(self._items)

    def clear(self) -> None:
        """Forget every item."""
        with self._changed:
            self._items.clear()
