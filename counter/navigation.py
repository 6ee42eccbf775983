"""The console's way-finding as one table: which role sees which entry. A page's ``here`` names its own entry."""

from dataclasses import dataclass

from domain.terms import StaffRole

_EVERYBODY = frozenset(StaffRole)
_CLERK = frozenset({StaffRole.CLERK})
_WARNED = frozenset({StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.SUPERVISOR})
_SUPERVISING = frozenset({StaffRole.SUPERVISOR, StaffRole.OPERATOR})


@dataclass(frozen=True)
class Entry:
    """One entry. The first nine of a role answer to Alt+1 to Alt+9, in this order."""

    name: str
    path: str
    title: str
    roles: frozenset[StaffRole]


ENTRIES: tuple[Entry, ...] = (
    Entry("day", "/", "今日办理", _EVERYBODY),
    Entry("arrivals", "/arrivals", "批量接收", _CLERK),
    Entry("reviews", "/reviews", "待审核", frozenset({StaffRole.REVIEWER})),
    Entry("approvals", "/approvals", "待我审批", frozenset({StaffRole.SUPERVISOR})),
    Entry("warnings", "/warnings", "时限提醒", _WARNED),
    Entry("reach", "/people-to-reach", "待联系群众", _CLERK),
    Entry("appeals", "/appeals", "未到场申诉", _CLERK),
    Entry("consultations", "/consultations", "会商", _WARNED),
    Entry("supervision", "/supervision", "督导", _SUPERVISING),
    Entry("announcements", "/announcements", "公告", _EVERYBODY),
    Entry("closures", "/closures", "临时停办", frozenset({StaffRole.OPERATOR, StaffRole.SUPERVISOR})),
    Entry("supplies", "/supplies", "预约设置", _SUPERVISING),
    Entry("invitations", "/invitations", "试运行邀请", _CLERK | _SUPERVISING),
    Entry("staff", "/staff", "账号管理", frozenset({StaffRole.OPERATOR})),
    Entry("audit", "/audit", "调阅记录", frozenset({StaffRole.AUDITOR})),
    Entry("complaints", "/complaints", "投诉建议", frozenset({StaffRole.CLERK, StaffRole.SUPERVISOR})),
    Entry("feed", "/feed", "文件上报", frozenset({StaffRole.OPERATOR})),
    Entry("stations", "/stations", "系统密钥", frozenset({StaffRole.OPERATOR})),
    Entry("account", "/account", "我的账号", _EVERYBODY),
)


def entries_for(role: StaffRole) -> tuple[Entry, ...]:
    """What a member of staff of this role may open, in the order shown."""
    return tuple(entry for entry in ENTRIES if role in entry.roles)
