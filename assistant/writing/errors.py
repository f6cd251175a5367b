"""What can go wrong with a language model, each as one line for the person who asked, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping

from index.errors import QuipuError, UsageError


class WritingError(QuipuError):
    """The language model did not write: it cannot be reached, is too slow, or answered with something else than text.

    `reasons` holds the line by language.
    """

    def __init__(self, reason: str, reasons: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reasons = reasons or {"en": reason, "es": reason}


class ConfigurationError(UsageError):
    """The settings of the language model are not as expected."""


def said(key: str, **values: object) -> dict[str, str]:
    """A line of `REASONS` by language, with its values."""
    return {language: lines[key].format(**values) for language, lines in REASONS.items()}


REASONS = {
    "en": {
        "too_long": "the language model took longer than {seconds} s",
        "paused": "the language model paused for more than {seconds} s",
        "no_beginning": "the language model did not begin to answer within {seconds} s",
        "nothing": "the language model wrote nothing",
        "overloaded": "the language model is overloaded or the quota is used up (HTTP 429)",
        "server": "the language model's server failed (HTTP {status})",
        "key": "the language model refused the key (HTTP {status}): set the right one in the environment",
        "unknown": "the server knows no model called '{name}' (HTTP 404)",
        "refused": "the language model refused the request (HTTP {status})",
        "in_time": "the language model did not answer in time",
        "cut_off": "the language model's answer was cut off",
        "unreachable": "the language model cannot be reached",
        "garbage": "the language model answered with something that is not text (is its address right?)",
        "failed": "the language model failed ({kind})",
    },
    "es": {
        "too_long": "el modelo de lenguaje tardó más de {seconds} s",
        "paused": "el modelo de lenguaje se detuvo durante más de {seconds} s",
        "no_beginning": "el modelo de lenguaje no empezó a responder en {seconds} s",
        "nothing": "el modelo de lenguaje no escribió nada",
        "overloaded": "el modelo de lenguaje está saturado o se agotó la cuota (HTTP 429)",
        "server": "falló el servidor del modelo de lenguaje (HTTP {status})",
        "key": "el modelo de lenguaje rechazó la clave (HTTP {status}): ponga la correcta en el entorno",
        "unknown": "el servidor no conoce ningún modelo llamado '{name}' (HTTP 404)",
        "refused": "el modelo de lenguaje rechazó la petición (HTTP {status})",
        "in_time": "el modelo de lenguaje no respondió a tiempo",
        "cut_off": "la respuesta del modelo de lenguaje quedó cortada",
        "unreachable": "no se puede contactar con el modelo de lenguaje",
        "garbage": "el modelo de lenguaje respondió con algo que no es texto (¿es correcta su dirección?)",
        "failed": "falló el modelo de lenguaje ({kind})",
    },
}
