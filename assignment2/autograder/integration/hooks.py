"""Call the hooks that a course may have around nbgrader's autograde of each submission."""

from traitlets.config import Config

from autograder.integration.converters import AutogradeOne, Transcript, course_directory


class Hooks:
    """Calls a course's hooks in this process. A hook that fails is only logged, as by nbgrader."""

    def __init__(self, config: Config):
        self._config = config
        converter = self._converter("*", [])
        self._none = not (converter.pre_convert_hook or converter.post_convert_hook)

    def before(self, student: str, names: list[str]) -> str:
        """Call the hook before a result is entered; return its log. names: those of the notebooks"""
        return self._call("run_pre_convert_hook", student, names)

    def after(self, student: str, names: list[str]) -> str:
        """Call the hook after a result is in place; return its log. names: those of the notebooks"""
        return self._call("run_post_convert_hook", student, names)

    def _call(self, method: str, student: str, names: list[str]) -> str:
        if self._none:
            return ""
        transcript = Transcript()
        with transcript.listening():
            converter = self._converter(student, names)
            converter.init_notebooks()
            getattr(converter, method)()
        return transcript.text

    def _converter(self, student: str, names: list[str]) -> AutogradeOne:
        return AutogradeOne(names=names, coursedir=course_directory(self._config, student), config=self._config)
