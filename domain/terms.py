"""The words of the field, one term and one word each (the glossary as code).

Every enumeration value is what is stored and what the API says.
"""

from enum import StrEnum


class ServiceItem(StrEnum):
    """What a person may apply for through Tongban (R012, R023)."""

    ID_CARD_FIRST_APPLICATION = "id_card_first_application"  # 首次申领居民身份证
    TEMPORARY_ID_CARD = "temporary_id_card"  # 申领临时居民身份证
    HOUSEHOLD_CERTIFICATE = "household_certificate"  # 开具户籍类证明

    @classmethod
    def _missing_(cls, value: object) -> "ServiceItem | None":
        """The command line's spelling is taken at every door."""
        spelt = {
            "first-id-card": cls.ID_CARD_FIRST_APPLICATION,
            "temporary-id-card": cls.TEMPORARY_ID_CARD,
            "household-certificate": cls.HOUSEHOLD_CERTIFICATE,
        }
        return spelt.get(str(value))


class ServiceScope(StrEnum):
    """跨省通办 or 全省通办: how far the place of acceptance is from the household place (R008)."""

    PROVINCE_WIDE = "province-wide"
    CROSS_PROVINCE = "cross-province"


class Sex(StrEnum):
    """As the identity number says it (GB 11643: odd sequence = male)."""

    MALE = "male"
    FEMALE = "female"


class Whose(StrEnum):
    """Whose paper or whose tie it is (R040, R043)."""

    APPLICANT = "applicant"
    GUARDIAN = "guardian"


class ProofKind(StrEnum):
    """The three lawful, stable ties to the place of residence (R021)."""

    EMPLOYMENT = "employment"  # 合法稳定就业
    SCHOOLING = "schooling"  # 合法稳定就学
    RESIDENCE = "residence"  # 合法稳定居住


class GuardianRelation(StrEnum):
    """Who the guardian is to the minor (B09)."""

    FATHER = "father"
    MOTHER = "mother"
    OTHER = "other"


class GuardianshipCase(StrEnum):
    """The three ways guardianship is shown (R044–R046), and the one the counter decides (D7)."""

    SAME_HOUSEHOLD = "same_household"
    BIRTH_CERTIFICATE = "birth_certificate"
    FURTHER_PROOF = "further_proof"
    DECIDED_AT_COUNTER = "decided_at_counter"

    @classmethod
    def _missing_(cls, value: object) -> "GuardianshipCase | None":
        """The command line's spelling is taken at every door; ``other`` is R046 everywhere: by neither of the two."""
        spelt = {
            "same-household": cls.SAME_HOUSEHOLD,
            "birth-certificate": cls.BIRTH_CERTIFICATE,
            "other": cls.FURTHER_PROOF,
        }
        return spelt.get(str(value))


class Kinship(StrEnum):
    """How a collector by proxy is related to the applicant (R036, R121, D12)."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    OTHER_RELATIVE = "other_relative"


class DeliveryMode(StrEnum):
    """How the finished card travels (R113)."""

    STATION = "station"
    POST = "post"


class CollectorKind(StrEnum):
    """Who received the card (R120–R122)."""

    SELF = "self"
    PROXY = "proxy"
    POST = "post"


class SignerCapacity(StrEnum):
    """In which capacity the commitment letter is signed (D6)."""

    APPLICANT = "applicant"
    GUARDIAN = "guardian"


class SignatureMethod(StrEnum):
    """How the letter was signed: on the phone (level 1, D8) or on paper at the counter (D1)."""

    PHONE = "phone"
    PAPER = "paper"


class SignerCheckKind(StrEnum):
    """By what a signer may be proven beyond login and phone, where somebody offers it (B70, D8)."""

    FACE = "face"
    CERTIFICATE = "certificate"


class SignatureLevel(StrEnum):
    """What proves a signature made on the phone: the phone alone (level 1), or a check beside it (D8)."""

    PHONE = "phone"
    FACE = "face"
    CERTIFICATE = "certificate"


class CertificateMatter(StrEnum):
    """What a person may ask to be certified: what the household booklet would prove (B43)."""

    NAME = "name"
    FORMER_NAME = "former_name"
    SEX = "sex"
    IDENTITY_NUMBER = "identity_number"
    ETHNICITY = "ethnicity"
    BIRTH_DATE = "birth_date"
    BIRTH_PLACE = "birth_place"
    NATIVE_PLACE = "native_place"  # 籍贯
    REGISTERED_ADDRESS = "registered_address"
    HOUSEHOLD_MOVES = "household_moves"
    ADDRESS_CHANGES = "address_changes"
    CORRECTIONS = "corrections"
    CANCELLATION = "cancellation"
    KINSHIP = "kinship"  # within one household


class CertificateWay(StrEnum):
    """How a household registration certificate comes about, each with its prescribed form (R167, R169)."""

    BY_OFFICER = "by_officer"  # form 1: the household station verifies and says what is certified
    ON_THE_SPOT = "on_the_spot"  # form 2: three facts, straight from the national system


class TransmissionPurpose(StrEnum):
    """Why papers go to the household station: to be verified (R164), or for its files (R169)."""

    VERIFICATION = "verification"
    FILING = "filing"


class TransmissionChannel(StrEnum):
    """How papers travelled: fax etc. today, a platform later (R164, R177)."""

    FAX = "fax"
    FILE = "file"
    PLATFORM = "platform"


class CardReturn(StrEnum):
    """What became of a temporary card when the identity card was collected (B20)."""

    HANDED_BACK = "handed_back"
    LOST = "lost"


class DayKind(StrEnum):
    """What a review clock counts (R090 against R093)."""

    WORKING = "working"
    CALENDAR = "calendar"


class FingerprintOutcome(StrEnum):
    """A flag the counter reports; never a biometric (R138–R140)."""

    ENROLLED = "enrolled"
    ENROL_FAILED = "enrol_failed"  # 注册失败
    NOT_ENROLLED = "not_enrolled"  # 未注册


class StaffRole(StrEnum):
    """What a member of staff may do (R039, R085)."""

    CLERK = "clerk"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Present(StrEnum):
    """Who stands at the counter, by the clerk's word (T13)."""

    APPLICANT = "applicant"
    MINOR_AND_GUARDIAN = "minor_and_guardian"
    COLLECTOR = "collector"


class ApprovalKind(StrEnum):
    """What takes the word of a second person."""

    UNDO_SCAN = "undo_scan"  # T21
    READ_MINOR = "read_minor"  # B51, C6.12


class CaseState(StrEnum):
    """A state is a promise to the citizen; facts are rows.

    Before the counter there is one state, ``OPEN``: declared, booked and signed are facts. From ``ACCEPTED`` on the
    truth lives in police systems and a state is only ever reported (R072, R132).
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    UNDER_REVIEW = "under_review"
    ISSUED = "issued"
    ISSUANCE_REFUSED = "issuance_refused"
    IN_PRODUCTION = "in_production"
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"
    RELEASED = "released"
    CLOSED = "closed"
    TRANSMITTED = "transmitted"
    CONFIRMED = "confirmed"
    UNVERIFIABLE = "unverifiable"
    READY = "ready"
    VOID = "void"


class CaseEventKind(StrEnum):
    """What happened, in the past tense. The kinds that move a case stand in ``domain.lifecycle``."""

    OPENED = "opened"
    BOOKED = "booked"
    BOOKING_CANCELLED = "booking_cancelled"
    VISIT_MISSED = "visit_missed"
    LETTER_SIGNED = "letter_signed"
    FACTS_CORRECTED = "facts_corrected"
    CODE_ISSUED = "code_issued"
    PASS_ISSUED = "pass_issued"  # noqa: S105 - a word, not a secret
    CHECKED_IN = "checked_in"
    PRESENCE_STATED = "presence_stated"
    SCAN_UNDONE = "scan_undone"
    SUPPLEMENTS_LISTED = "supplements_listed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"  # by an officer, for the person (H12)
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    REVIEW_STARTED = "review_started"
    ISSUED = "issued"
    ISSUANCE_REFUSED = "issuance_refused"
    PRODUCTION_STARTED = "production_started"
    DISPATCHED = "dispatched"
    ARRIVAL_REGISTERED = "arrival_registered"
    RECEIVED_BY_POST = "received_by_post"
    RELEASED = "released"
    PROXY_NAMED = "proxy_named"
    ACCEPTANCE_NUMBER_CORRECTED = "acceptance_number_corrected"
    CHECK_RECORDED = "check_recorded"
    CLOSED = "closed"
    TEMPORARY_CARD_ASKED = "temporary_card_asked"
    MATERIALS_SENT = "materials_sent"
    CONTENT_CONFIRMED = "content_confirmed"
    UNVERIFIABLE = "unverifiable"
    CERTIFIED = "certified"
    FILED = "filed"
    MADE = "made"
    HANDED_BACK = "handed_back"
    VOIDED = "voided"


class NoticeKind(StrEnum):
    """What we tell a person. One folder each under ``templates/notices``."""

    CASE_OPENED = "case_opened"
    BOOKING_CONFIRMED = "booking_confirmed"
    BOOKING_CANCELLED = "booking_cancelled"
    PLACE_OFFERED = "place_offered"
    POINT_CLOSED = "point_closed"
    VISIT_REMINDER = "visit_reminder"
    VISIT_CHANGED = "visit_changed"
    VISIT_MISSED = "visit_missed"
    SUPPLEMENTS_LISTED = "supplements_listed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    PROGRESS = "progress"
    ISSUANCE_REFUSED = "issuance_refused"
    READY_FOR_PICKUP = "ready_for_pickup"
    POSTED = "posted"
    CHECK_DUE = "check_due"
    RELEASED = "released"
    CASE_LAPSING = "case_lapsing"
    CASE_LAPSED = "case_lapsed"
    WITHDRAWN = "withdrawn"
    SIGNATURE_MISSING = "signature_missing"
    PICKUP_REMINDER = "pickup_reminder"
    CERTIFICATE_READY = "certificate_ready"
    CERTIFICATE_UNVERIFIABLE = "certificate_unverifiable"
    TEMPORARY_CARD_READY = "temporary_card_ready"
    TEMPORARY_CARD_VOID = "temporary_card_void"
    COMPLAINT_ANSWERED = "complaint_answered"


class Channel(StrEnum):
    """How a notice travels."""

    SUBSCRIBE_MESSAGE = "subscribe_message"
    ACCOUNT_TEMPLATE = "account_template"
    SMS = "sms"


class CreditReason(StrEnum):
    """Why the number of messages a person allows has changed."""

    GRANTED = "granted"
    CONFIRMED = "confirmed"  # the other side told of a consent that is entered already
    SPENT = "spent"
    REVOKED = "revoked"  # the person switched the messages off
    REFUSED = "refused"  # WeChat says that nothing is left


class ReachStepKind(StrEnum):
    """What a clerk did to reach somebody whom no message reached (K8)."""

    TAKEN = "taken"
    PHONE_SHOWN = "phone_shown"
    NO_ANSWER = "no_answer"
    REACHED = "reached"
    NOT_REACHED = "not_reached"


class ReachOutcome(StrEnum):
    """How such a task ended."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    SETTLED = "settled"  # a message arrived after all, or the person came


class ClockKind(StrEnum):
    """The clocks of part C2 that a case may have; what each of them is, ``domain.clock`` says."""

    REVIEW = "review"  # K1–K3
    CERTIFICATE_CHECK = "certificate_check"  # K4
    COLLECTION_CHECK = "collection_check"  # K5
    CARD_IN_HAND = "card_in_hand"  # K6
    TEMPORARY_CARD = "temporary_card"  # K7
    PACKING = "packing"  # K9


class WarningLevel(StrEnum):
    """How late it is: the last day is near, or it is over (D10)."""

    SOFT = "soft"
    OVERDUE = "overdue"


class Watcher(StrEnum):
    """Who is warned of a clock (K1–K9). A head of station is a supervisor who serves at a point."""

    REVIEWER = "reviewer"
    CLERK = "clerk"
    STATION_HEAD = "station_head"
    SUPERVISOR = "supervisor"


class AnnouncementKind(StrEnum):
    """What is announced: something that does not work (R199), news, or the explanation of a policy (R202)."""

    OUTAGE = "outage"
    NEWS = "news"
    POLICY = "policy"


class ContactDuty(StrEnum):
    """What a named person of the directory is there for (R181–R184)."""

    LIAISON = "liaison"  # 联络员、联络人
    TRANSFER_VERIFICATION = "transfer_verification"  # 迁移信息核验专管员


class ReportKind(StrEnum):
    """What a station system may report (hops 6–10); what a counter did is reported where it worked without us."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVIEW_STARTED = "review_started"
    ISSUED = "issued"
    ISSUANCE_REFUSED = "issuance_refused"
    PRODUCTION_STARTED = "production_started"
    DISPATCHED = "dispatched"
    ARRIVAL_REGISTERED = "arrival_registered"
    RECEIVED_BY_POST = "received_by_post"
    RELEASED = "released"


class KeyAlgorithm(StrEnum):
    """How a station system proves what it says: a shared word, or a signature only it can make."""

    HMAC = "hmac"  # HMAC-SHA256, for requests of the station API
    ES256 = "es256"  # ECDSA on P-256 with SHA-256, for feed files and return slips


class BatchStatus(StrEnum):
    """Where a batch of a file feed stands."""

    TAKING = "taking"
    TAKEN = "taken"
    REFUSED = "refused"


class SetAsideStatus(StrEnum):
    """Where a line of a file feed stands that could not go in."""

    OPEN = "open"
    TAKEN = "taken"
    DISMISSED = "dismissed"


class ComplaintKind(StrEnum):
    """What a person says about the service (R198)."""

    COMPLAINT = "complaint"  # 投诉
    SUGGESTION = "suggestion"  # 建议


class ComplaintStatus(StrEnum):
    """Where a complaint stands."""

    OPEN = "open"
    TAKEN = "taken"
    ANSWERED = "answered"


class EditionKind(StrEnum):
    """The files of a signed letter: as signed on the phone, and with the mark of the counter that confirmed it (D8)."""

    SIGNED = "signed"
    CONFIRMED = "confirmed"


class EditionStatus(StrEnum):
    """Where the file of a letter stands. ``failed``: a person has to look; it is tried again every day."""

    OWED = "owed"
    MADE = "made"
    FAILED = "failed"
