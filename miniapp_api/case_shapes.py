"""What a new application may say; see ``miniapp_api.shapes``."""

from typing import Annotated

from pydantic import Field

from casework.open_case import CaseWish, CertificateWish, PostAddress
from domain.terms import CertificateMatter, DeliveryMode, ServiceItem
from miniapp_api.shapes import Body, Id, LongText, ShortText


class PostTo(Body):
    """Where the card is posted to."""

    recipient: ShortText
    phone: ShortText
    address: LongText

    def wish(self) -> PostAddress:
        """As the act takes it."""
        return PostAddress(recipient=self.recipient, phone=self.phone, address=self.address)


class CertificateAsked(Body):
    """What a certificate shall say: matters of the list, or something else in words."""

    matters: Annotated[tuple[CertificateMatter, ...], Field(max_length=20)] = ()
    other: LongText | None = None

    def wish(self) -> CertificateWish:
        """As the act takes it."""
        return CertificateWish(matters=self.matters, other=self.other or "")


class NewCase(Body):
    """The application: on which declaration, what, how it is collected, and what the applicant states.

    ``urgent_need``: asks for a temporary card along with the identity card. The last three are for a certificate.
    """

    declaration_id: Id
    item: ServiceItem
    delivery: DeliveryMode
    post_to: PostTo | None = None
    never_held_card: bool
    active_soldier: bool
    information_true: bool
    urgent_need: LongText | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None
    certificate: CertificateAsked | None = None

    def wish(self) -> CaseWish:
        """As the act takes it."""
        return CaseWish(
            declaration_id=self.declaration_id,
            item=self.item,
            delivery=self.delivery,
            post_to=self.post_to.wish() if self.post_to else None,
            never_held_card=self.never_held_card,
            active_soldier=self.active_soldier,
            information_true=self.information_true,
            urgent_need=self.urgent_need,
            booklet_obtainable=self.booklet_obtainable,
            applied_online=self.applied_online,
            certificate=self.certificate.wish() if self.certificate else None,
        )


class UrgentNeed(Body):
    """Why a temporary card is needed at once, in the person's own words; by post it is refused, with what to do."""

    need: LongText
    delivery: DeliveryMode = DeliveryMode.STATION
