"""The stories: who goes where, what the rules say to it, and the steps of the way."""

from collections.abc import Mapping
from dataclasses import replace

from tests.journeys import steps_certificate as certificate
from tests.journeys import steps_citizen as citizen
from tests.journeys import steps_counter as counter
from tests.journeys import steps_feed as feed
from tests.journeys import steps_offline as offline
from tests.journeys import steps_police as police
from tests.journeys import steps_slip as slip
from tests.journeys import steps_temporary as temporary
from tests.journeys.time_limits import CERTIFICATE_CHECK, GUANGDONG_REVIEW, JIANGXI_REVIEW
from tests.journeys.walk import Guardian, Plot, Step

_WITH_LETTER = ("opened", "booked", "letter_signed", "code_issued", "checked_in", "presence_stated", "accepted")
_WITHOUT_LETTER = ("opened", "booked", "code_issued", "checked_in", "presence_stated", "accepted")
_MADE = ("review_started", "issued", "production_started", "dispatched")

ADULT = Plot(
    name="adult",
    age=19,
    household="360702",
    household_address="江西省赣州市章贡区示范路101号",
    residence="360102",
    residence_address="江西省南昌市东湖区示范路202号",
    scope="province-wide",
    proof=("employment", "applicant"),
    papers=("household_booklet", "employment_proof"),  # R040
    papers_before=("household_booklet", "tie_proof"),
    letter="to_sign",  # R061
    review=JIANGXI_REVIEW,
    point="DEMO-NC-1",
    household_system="demo-jx-household",
    card_centre="demo-jx-centre",
    messages=("accepted", "ready_for_pickup"),
    history=(*_WITH_LETTER, *_MADE, "arrival_registered", "released", "closed"),
)
MINOR = Plot(
    name="minor",
    age=9,
    household="360102",
    household_address="江西省南昌市东湖区示范路303号",
    residence="360403",
    residence_address="江西省九江市浔阳区示范路404号",
    scope="province-wide",
    guardian=Guardian("360103", "江西省南昌市西湖区示范路505号", "mother", "birth_certificate"),  # R045
    proof=("employment", "guardian"),  # R043
    papers=("household_booklet", "birth_certificate", "guardian_id_card", "employment_proof"),  # R041-R045
    papers_before=("household_booklet", "birth_certificate", "guardian_id_card", "tie_proof"),
    letter="to_sign",
    review=JIANGXI_REVIEW,
    point="DEMO-JJ-1",
    household_system="demo-jx-household",
    card_centre="demo-jx-centre",
    messages=("ready_for_pickup", "check_due"),
    history=(*_WITH_LETTER, *_MADE, "arrival_registered", "proxy_named", "released", "check_recorded", "closed"),
)
GUANGDONG = Plot(
    name="guangdong",
    age=18,
    household="441402",
    household_address="广东省梅州市梅江区示范路606号",
    residence="440304",
    residence_address="广东省深圳市福田区示范路707号",
    scope="province-wide",
    papers=("household_booklet",),  # residence information replaces the proofs (R047)
    papers_before=("household_booklet",),
    letter="not_required",  # R060
    review=GUANGDONG_REVIEW,
    point="DEMO-SZ-1",
    household_system="demo-gd-household",
    card_centre="demo-gd-centre",
    messages=("accepted", "check_due"),
    history=(*_WITHOUT_LETTER, *_MADE, "received_by_post", "check_recorded", "closed"),
    delivery="post",
)
CROSS_PROVINCE = Plot(
    name="cross-province",
    age=17,
    household="360702",
    household_address="江西省赣州市章贡区示范路808号",
    residence="440106",
    residence_address="广东省广州市天河区示范路909号",
    scope="cross-province",
    papers=("household_booklet",),  # R047 for both scopes (D3)
    papers_before=("household_booklet",),
    letter="on_paper",  # D1
    review=JIANGXI_REVIEW,  # the household place's clock (R091)
    point="DEMO-CAN-1",
    household_system="demo-jx-household",
    card_centre="demo-gd-centre",
    messages=("ready_for_pickup",),
    history=(*_WITHOUT_LETTER, *_MADE, "arrival_registered", "released", "closed"),
)
OFFLINE = replace(
    ADULT,
    name="offline",
    messages=("accepted",),
    history=("opened", "booked", "letter_signed", "pass_issued"),
    online=False,
)
RETURN_SLIP = replace(
    ADULT,
    name="return-slip",
    counter_system="demo-jx-counter",  # accepts without our console; the citizen brings the news
    history=(
        "opened", "booked", "letter_signed", "code_issued", "accepted",
        *_MADE, "arrival_registered", "released", "closed",
    ),
)  # fmt: skip
_NEED = {"urgent_need": "下周参加考试，需要身份证件"}
_ALONG = ("opened", "temporary_card_asked", *_WITHOUT_LETTER[1:])
TEMPORARY = replace(
    CROSS_PROVINCE,
    name="temporary-card",
    stated=_NEED,
    history=(*_ALONG, *_MADE, "arrival_registered", "released", "closed"),
)
REFUSED = replace(
    CROSS_PROVINCE,
    name="refused",
    stated=_NEED,
    messages=("issuance_refused",),
    history=(*_ALONG, "review_started", "issuance_refused"),
    ending=("issuance_refused", "常住户口所在地公安机关"),
)
ON_THE_SPOT = replace(
    CROSS_PROVINCE,
    name="certificate-on-the-spot",
    age=36,
    item="household_certificate",
    stated={"booklet_obtainable": False, "certificate": {"matters": ["name", "registered_address"]}},
    proof=("employment", "applicant"),  # R038
    papers=("valid_id", "application_form"),  # R051
    papers_before=("valid_id", "application_form"),
    letter="not_required",
    review=CERTIFICATE_CHECK,
    messages=("certificate_ready",),
    history=(*_WITHOUT_LETTER, "certified", "released", "filed", "closed"),
)
BY_OFFICER = replace(
    ON_THE_SPOT,
    name="certificate-by-officer",
    stated={"booklet_obtainable": False, "certificate": {"matters": ["kinship"], "other": "曾在同一户口簿"}},
    history=(
        *_WITHOUT_LETTER, "materials_sent", "review_started", "content_confirmed", "certified", "released", "closed",
    ),
)  # fmt: skip
_ALL = (
    ADULT, MINOR, GUANGDONG, CROSS_PROVINCE, OFFLINE, RETURN_SLIP, TEMPORARY, ON_THE_SPOT, BY_OFFICER, REFUSED,
)  # fmt: skip
PLOTS: Mapping[str, Plot] = {plot.name: plot for plot in _ALL}


def steps_of(plot: Plot) -> tuple[Step, ...]:
    """The whole way of a story."""
    if plot.item == "household_certificate":
        return _certificate(plot)
    along = (Step("同时申领临时身份证", "temporary card asked for along with it", temporary.asked_along),)
    one_visit = (Step("临时身份证不用另外预约", "one visit for both", temporary.no_visit_of_its_own),)
    return (
        *_arriving(plot),
        Step("居住信息申报", "residence declared", citizen.declare_residence),
        Step("办理条件和材料清单", "eligibility and checklist", citizen.eligibility),
        Step("提交申请", "case opened", citizen.open_case),
        *(along if "urgent_need" in plot.stated else ()),
        Step("预约受理点和时间", "station and place booked", citizen.book),
        *(one_visit if "urgent_need" in plot.stated else ()),
        *_letter(plot),
        *(_at_the_counter(plot) if plot.online else _over_the_air_gap()),
    )


def _over_the_air_gap() -> tuple[Step, ...]:
    return (
        Step("取得离线凭证", "offline pass and QR", offline.issue_pass),
        Step("受理点的密钥和平台公钥", "the station's key and the issuer's", offline.bring_keys),
        Step("别的受理点打不开", "another station opens nothing", offline.read_elsewhere),
        Step("不联网读取凭证", "pass read without a network, once", offline.read_pass),
        Step("等候受理点反馈", "open until the station reports", offline.still_open),
        Step("受理点用文件反馈受理", "accepted by a signed file of the station", feed.accepted_by_file),
    )


def _at_the_counter(plot: Plot) -> tuple[Step, ...]:
    return (
        Step("出示二维码", "hand-off code and QR", citizen.issue_code),
        *_counter(plot),
        Step("户籍地开始审核", "reported: under review", police.review_started),
        *(_refused() if plot.ending[0] == "issuance_refused" else _issued(plot)),
    )


def _refused() -> tuple[Step, ...]:
    return (
        Step("户籍地不予签发", "reported: not issued; the temporary card is void", police.refused),
        Step("收到未予签发通知", "told why and where to go", police.refusal_notices),
        Step("办结的申请不再变动", "what ended stays ended", police.nothing_more_to_do),
        Step("办结", "ended", police.closed),
    )


def _issued(plot: Plot) -> tuple[Step, ...]:
    waited = (Step("临时身份证等签发", "temporary card waits for the issue", temporary.waiting),)
    return (
        *(waited if "urgent_need" in plot.stated else ()),
        Step("审核签发", "reported: issued", police.issued),
        *(_temporary_card() if "urgent_need" in plot.stated else ()),
        Step("开始制证", "reported: in production", police.production_started),
        Step("证件分发", "reported: dispatched", police.dispatched),
        *(_by_post() if plot.delivery == "post" else _at_the_station(plot)),
        Step("办结", "closed", police.closed),
    )


def _temporary_card() -> tuple[Step, ...]:
    return (
        Step("开始制作临时身份证", "three days to make it", temporary.making),
        Step("临时身份证制好", "registered as made; told", temporary.made),
        Step("缴费领取临时身份证", "handed over against slip and fee", temporary.handed_over),
    )


def _certificate(plot: Plot) -> tuple[Step, ...]:
    return (
        *_arriving(plot),
        Step("可以证明的事项", "what may be certified", certificate.matters),
        Step("居住信息申报", "residence declared", citizen.declare_residence),
        Step("办理条件和材料清单", "eligibility and checklist", citizen.eligibility),
        Step("能取得户口簿的不用开证明", "refused to who has the booklet", certificate.with_the_booklet),
        Step("提交申请", "case opened", citizen.open_case),
        Step("申请的事项", "what is asked for", certificate.asked),
        Step("预约受理点和时间", "station and place booked", citizen.book),
        *_letter(plot),
        Step("出示二维码", "hand-off code and QR", citizen.issue_code),
        Step("窗口登录", "clerk signed in", counter.sign_in),
        Step("扫码核对预登记信息", "clerk scanned: pre-filled case beside the checklist", counter.scan),
        Step("受理", "accepted", certificate.accept),
        *(_on_the_spot() if "filed" in plot.history else _by_officer()),
        Step("核验证明", "verified by anybody", certificate.verify),
        Step("办结", "closed", police.closed),
    )


def _on_the_spot() -> tuple[Step, ...]:
    return (
        Step("现场开具（附件2）", "form 2 issued on the spot", certificate.on_the_spot),
        Step("交给申请人", "sealed and handed over", certificate.hand_over),
        Step("向户籍地备案", "filing notice sent", certificate.file_notice),
    )


def _by_officer() -> tuple[Step, ...]:
    return (
        Step("送户籍地查证", "papers sent to the household station", certificate.send_materials),
        Step("户籍地签收", "received: five working days", certificate.received),
        Step("户籍地反馈", "answered", certificate.answered),
        Step("开具证明（附件1）", "form 1 issued; told to collect", certificate.certify),
        Step("交给申请人", "sealed and handed over", certificate.hand_over),
    )


def _arriving(plot: Plot) -> tuple[Step, ...]:
    child = (Step("添加孩子和监护关系", "child and guardianship added", citizen.add_child),) if plot.guardian else ()
    return (
        Step("微信登录", "signed in by code", citizen.sign_in),
        Step("同意隐私告知", "privacy consent given", citizen.consent),
        Step("实名信息", "real name declared", citizen.real_name),
        Step("手机号验证", "phone verified", citizen.phone_number),
        Step("订阅消息", "messages allowed", citizen.allow_messages),
        *child,
    )


def _letter(plot: Plot) -> tuple[Step, ...]:
    if plot.letter == "not_required":
        return (Step("无需承诺书", "no commitment letter", citizen.no_letter_here),)
    if plot.letter == "on_paper":
        return (Step("承诺书到窗口签纸质版", "letter to be signed on paper", citizen.no_letter_here),)
    return (
        Step("阅读告知承诺书", "commitment letter shown", citizen.show_letter),
        Step("签署告知承诺书", "commitment letter signed", citizen.sign_letter),
        Step("查看已签承诺书", "signed letter read", citizen.read_signed_letter),
        Step("下载并核验承诺书", "letter's file fetched and verified", citizen.letter_file),
    )


def _counter(plot: Plot) -> tuple[Step, ...]:
    if plot.counter_system:
        return (
            Step("受理点用站内系统受理，打印回传单", "accepted without our console, slip printed", slip.print_slip),
            Step("扫描回传单", "slip brought back by the citizen", slip.bring_slip),
            Step("窗口登录", "clerk signed in", counter.sign_in),
        )
    both = (Step("同框照片是必须的", "same-frame photo insisted on", counter.same_frame_first),)
    return (
        Step("窗口登录", "clerk signed in", counter.sign_in),
        Step("扫码核对预登记信息", "clerk scanned: pre-filled case beside the checklist", counter.scan),
        *(
            (Step("窗口确认承诺书", "letter confirmed", counter.confirm_letter),)
            if plot.letter != "not_required"
            else ()
        ),
        *(both if plot.guardian else ()),
        Step("受理", "accepted", counter.accept),
    )


def _at_the_station(plot: Plot) -> tuple[Step, ...]:
    arrived = (
        Step("接收登记", "arrival registered", counter.register_arrival),
        Step("收到领证通知", "pickup notice received by WeChat and SMS", police.pickup_notice),
    )
    if plot.guardian is None:
        back = (Step("交回临时身份证", "temporary card handed back", temporary.back),)
        taken = Step("四项核验后发放", "released after the four checks", counter.release_to_self)
        return (*arrived, taken, *(back if "urgent_need" in plot.stated else ()))
    return (
        *arrived,
        Step("委托亲属代领", "relative named to collect", citizen.name_relative),
        Step(
            "发放给亲属，三十个工作日核验开始",
            "released to a relative; later check opened",
            counter.release_to_relative,
        ),
        Step("收到核验提醒", "check notice received", police.check_notice),
        Step("登记领证后核验", "later check recorded", counter.record_check),
    )


def _by_post() -> tuple[Step, ...]:
    return (
        Step("收到寄出通知", "posted notice received with waybill", police.posted_notice),
        Step("签收，三十个工作日核验开始", "received by post; later check opened", police.received_by_post),
        Step("收到核验提醒", "check notice received", police.check_notice),
        Step("户籍地登记核验", "later check recorded at the household place", counter.record_check_at_home),
    )
