"""The models of a home that its settings name, or the only ones there are."""

from pipeline.transcription import model_store, room
from pipeline.transcription.model_store import Kind, ModelDamaged
from storage.errors import NotFound
from storage.home import Home


class NoModel(NotFound):
    """speech: there is no speech model in this home; `candour model list --all` says which one suits this machine, \
`candour model install small.en` fetches one where there is a network, `candour model add FOLDER` takes one in without"""


class ManyModels(NotFound):
    """speech: this home has several {kind} models ({known}); say in candour.toml, [speech] {setting}, which one to use"""


class ModelUnknown(NotFound):
    """speech: this home has no {kind} model "{name}"; `candour model list` shows what there is"""


def speech_model(home: Home) -> model_store.Model:
    """The model that the settings name, or the only one there is.

    Raises:
        NoModel, ManyModels, ModelUnknown, ModelDamaged.
    """
    found = _chosen(home, Kind.SPEECH, home.settings.speech.model, "model")
    if found is None:
        for name in model_store.unreadable(home.models):
            model_store.verify(home.models / name)
        raise NoModel
    return found


def speaker_model(home: Home) -> model_store.Model | None:
    """The speaker model that the settings name, or the only one there is; None where there is none.

    Raises:
        ManyModels, ModelUnknown.
    """
    return _chosen(home, Kind.SPEAKERS, home.settings.speech.speakers, "speakers")


def _chosen(home: Home, kind: Kind, name: str, setting: str) -> model_store.Model | None:
    models = {model.name: model for model in model_store.list_models(home.models) if model.kind is kind}
    if name and name not in models:
        raise ModelUnknown(name=name, kind=kind.adjective)
    if not name and len(models) > 1:
        raise ManyModels(known=", ".join(sorted(models)), kind=kind.adjective, setting=setting)
    return models[name] if name else next(iter(models.values()), None)


def told(home: Home, terms: tuple[str, ...]) -> tuple[str, ...] | None:
    """Terms that fit into what the model of this home can be told; None as long as it is not known which that will be."""
    try:
        return room.of_model(speech_model(home).folder, terms)
    except (NoModel, ManyModels, ModelUnknown, ModelDamaged):
        return None
