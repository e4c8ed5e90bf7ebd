"""Questions about people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from crm.database import db
from crm.lib import clock
from crm.users.entering import Invitation, SignIn
from crm.users.models import ApiToken, Role, Team, TeamMember, User, UserSession, digest
from crm.users.roles import ROLE_LABELS


def open_session(token: str, idle_since: datetime, began_after: datetime) -> UserSession | None:
    """The sign-in with this token, of an enabled user, used since `idle_since` and begun after `began_after`."""
    found = (
        sa.select(UserSession)
        .join(UserSession.user)
        .options(contains_eager(UserSession.user))
        .where(UserSession.token_hash == digest(token), User.is_enabled)
        .where(UserSession.last_seen_at >= idle_since, UserSession.created_at >= began_after)
    )
    return db.session.scalar(found)


def sessions_of(user: User, idle_since: datetime, began_after: datetime) -> list[UserSession]:
    """Where the user is signed in, latest use first."""
    found = sa.select(UserSession).where(UserSession.user_id == user.id, UserSession.last_seen_at >= idle_since)
    found = found.where(UserSession.created_at >= began_after).order_by(UserSession.last_seen_at.desc())
    return list(db.session.scalars(found))


def api_token(token: str) -> ApiToken | None:
    """The API token of an enabled user."""
    found = (
        sa.select(ApiToken)
        .join(ApiToken.user)
        .options(contains_eager(ApiToken.user))
        .where(ApiToken.token_hash == digest(token), User.is_enabled)
        .where(sa.or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > clock.now()))
    )
    return db.session.scalar(found)


def tokens_of(user: User) -> list[ApiToken]:
    """The user's API tokens, newest first."""
    found = (
        sa.select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return list(db.session.scalars(found))


def user_by_email(email: str) -> User | None:
    """The account with this address, enabled or not, however the address is written."""
    return db.session.scalar(sa.select(User).where(User.email == email.strip().lower()))


def is_fresh() -> bool:
    """Whether nobody has an account yet."""
    return db.session.scalar(sa.select(User.id).limit(1)) is None


def users_by_name() -> list[User]:
    """Everyone with an enabled account."""
    return list(db.session.scalars(sa.select(User).where(User.is_enabled).order_by(User.name)))


def teams_by_name() -> list[Team]:
    """Every team."""
    return list(db.session.scalars(sa.select(Team).order_by(sa.func.lower(Team.name), Team.id)))


def everyone() -> list[User]:
    """Every account, those that may sign in first, by name."""
    return list(db.session.scalars(sa.select(User).order_by(User.is_enabled.desc(), sa.func.lower(User.name), User.id)))


def last_seen() -> dict[int, datetime]:
    """When each user with an open sign-in was last here, by user id."""
    found = sa.select(UserSession.user_id, sa.func.max(UserSession.last_seen_at, type_=UserSession.last_seen_at.type))
    return dict(db.session.execute(found.group_by(UserSession.user_id)).all())


def is_last_admin(user: User) -> bool:
    """Whether nobody else may manage people. Locks the administrators' rows until the transaction ends."""
    admins = sa.select(User.id).where(User.role == "crm_admin", User.is_enabled).with_for_update()
    return set(db.session.scalars(admins)) == {user.id}


def open_invitations() -> list[Invitation]:
    """Who was asked to join and did not yet, the newest first."""
    return list(
        db.session.scalars(sa.select(Invitation).where(Invitation.used_at.is_(None)).order_by(Invitation.id.desc()))
    )


def sign_ins(user: User, limit: int) -> list[SignIn]:
    """The user's latest tries to sign in, the newest first."""
    return list(
        db.session.scalars(sa.select(SignIn).where(SignIn.user_id == user.id).order_by(SignIn.id.desc()).limit(limit))
    )


def role(key: str) -> Role | None:
    """The role the school made under this key, or what it chose about one of the four."""
    return db.session.scalar(sa.select(Role).where(Role.key == key))


def roles_by_key() -> dict[str, Role]:
    """Every row about roles."""
    return {each.key: each for each in db.session.scalars(sa.select(Role).order_by(sa.func.lower(Role.name), Role.id))}


def role_labels() -> dict[str, str]:
    """Every role's key and name: the four, then the school's own."""
    own = {key: each.name for key, each in roles_by_key().items() if each.is_ours}
    return {**ROLE_LABELS, **own}


def users_with_role(key: str) -> int:
    """How many accounts and open invitations have the role."""
    users = sa.select(sa.func.count()).where(User.role == key)
    invited = sa.select(sa.func.count()).where(Invitation.role == key, Invitation.used_at.is_(None))
    return (db.session.scalar(users) or 0) + (db.session.scalar(invited) or 0)


def teams_of(user: User) -> sa.Select[tuple[int]]:
    """The ids of the user's teams, for a query."""
    return sa.select(TeamMember.team_id).where(TeamMember.user_id == user.id)


def colleagues_of(user: User) -> sa.Select[tuple[int]]:
    """The ids of all who are in a team with the user, for a query."""
    return sa.select(TeamMember.user_id).where(TeamMember.team_id.in_(teams_of(user)))


@dataclass(frozen=True)
class Circle:
    """The people and teams whose contacts a viewer sees besides their own."""

    people: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()


def circle_of(viewer: User) -> Circle:
    """The viewer's circle, asked for once per request and for those alone whose role reaches to their teams."""
    if viewer.reach != "team":
        return Circle()
    if "circle" not in viewer.__dict__:
        people, teams = db.session.scalars(colleagues_of(viewer)), db.session.scalars(teams_of(viewer))
        viewer.__dict__["circle"] = Circle(frozenset(people), frozenset(teams))
    return viewer.__dict__["circle"]


def in_team_with(owner_id: int | None, team_id: int | None) -> set[int]:
    """Everybody who is in this team, or in one with this owner."""
    owners = sa.select(TeamMember.team_id).where(TeamMember.user_id == owner_id)
    where = sa.or_(TeamMember.team_id == team_id, TeamMember.team_id.in_(owners))
    return set(db.session.scalars(sa.select(TeamMember.user_id).where(where)))


def all_tokens() -> list[ApiToken]:
    """Everybody's API tokens, the latest made first; at most five hundred."""
    found = sa.select(ApiToken).join(ApiToken.user).options(contains_eager(ApiToken.user))
    return list(db.session.scalars(found.order_by(ApiToken.id.desc()).limit(500)))
