from mailplatform.store.values import Actor


def move_all(folder_id: int, target_folder_id: int, *, actor: Actor) -> None:
    raise NotImplementedError
