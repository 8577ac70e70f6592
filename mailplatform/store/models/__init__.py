from mailplatform.store.models.arrival import Arrival, AutoCopy
from mailplatform.store.models.blob import Blob, BlobPin, Pack
from mailplatform.store.models.change import AccountState, Indexed, Tombstone, ViewerState
from mailplatform.store.models.entry import Entry, Expunged, Keyword, Seen
from mailplatform.store.models.folder import Folder, LostSubscription
from mailplatform.store.models.maildrop import MaildropLock
from mailplatform.store.models.message import Message, SearchText
from mailplatform.store.models.thread import Thread, ThreadRef

__all__ = [
    "AccountState",
    "Arrival",
    "AutoCopy",
    "Blob",
    "BlobPin",
    "Entry",
    "Expunged",
    "Folder",
    "Indexed",
    "Keyword",
    "LostSubscription",
    "MaildropLock",
    "Message",
    "Pack",
    "SearchText",
    "Seen",
    "Thread",
    "ThreadRef",
    "Tombstone",
    "ViewerState",
]
