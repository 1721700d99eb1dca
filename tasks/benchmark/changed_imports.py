"""Changes one thing in a library as it is imported, be that now or never: what most tasks do not need is not imported for it."""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class ChangedImport(MetaPathFinder):
    """From `begin` on the attribute of the module is `replaced` makes of it, also where the module is imported later.

    >>> ChangedImport("evaluate", "load", lambda load: my_own).begin()
    """

    def __init__(self, module: str, attribute: str, replaced: Callable[[Any], Any]) -> None:
        self._module, self._attribute, self._replaced = module, attribute, replaced
        self._changed: tuple[ModuleType, Any] | None = None

    def begin(self) -> None:
        """Changes the module, or waits for it."""
        sys.meta_path.insert(0, self)
        if self._module in sys.modules:
            self._change(sys.modules[self._module])

    def end(self) -> None:
        """The module is as it was."""
        sys.meta_path.remove(self)
        if self._changed is not None:
            module, real = self._changed
            setattr(module, self._attribute, real)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds the module where it is."""
        if fullname != self._module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._change(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _change(self, module: ModuleType) -> None:
        real = getattr(module, self._attribute)
        self._changed = module, real
        setattr(module, self._attribute, self._replaced(real))
