"""What is done now and then only, however often there is cause for it."""

import threading
import time


class Throttle:
    """Remembers in this process what was due when; never more than its capacity."""

    def __init__(self, seconds, capacity=10_000):
        """:param float seconds: the least time between two times that a key is due
        :param int capacity: keys remembered; then all are forgotten, and due anew
        """
        self.seconds = seconds
        self._capacity = capacity
        self._due_at = {}  # {key: monotonic seconds}
        self._lock = threading.Lock()

    def is_due(self, key):
        """:param key: hashable
        :return: whether it is due: the first time, and then once in the period
        """
        now = time.monotonic()
        with self._lock:
            if now - self._due_at.get(key, -self.seconds) < self.seconds:
                return False
            if len(self._due_at) >= self._capacity:
                self._due_at.clear()
            self._due_at[key] = now
        return True

    def forget(self):
        """Have every key due anew."""
        self._due_at.clear()
