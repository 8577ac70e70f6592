from mailplatform.directory.models.account import Account
from mailplatform.directory.models.domain import Domain
from mailplatform.directory.models.epoch import Epoch
from mailplatform.directory.models.local_address import LocalAddress, Target
from mailplatform.directory.models.organisation import Organisation
from mailplatform.directory.models.user import User

__all__ = ["Account", "Domain", "Epoch", "LocalAddress", "Organisation", "Target", "User"]
