"""Sealed columns, blind indexes and moments."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from hypothesis import given
from hypothesis import strategies as st

from models import columns
from models.account import Account, Consent
from models.case import Case
from models.columns import (
    KeyRing,
    NoKeyRing,
    SealBroken,
    blind_index,
    cipher_of,
    install_keyring,
    key_id_of,
    seal,
    unseal,
    utc,
)
from models.db import Database, connection, migrate, open_database, reseal
from models.gcm import SealCipher, Sm4Gcm, sm4_key
from models.person import Person
from models.residence import ResidenceDeclaration
from models.seal_check import SealCheck
from tests.models.outside import execute, read
from tests.models.rows import NOON, account, case, person

CANARY = "金丝雀甲乙丙"
CANARY_NUMBER = "440308199901010011"

OLD = KeyRing(current="old", keys={"old": b"o" * 32}, index_key=b"i" * 32)
BOTH = KeyRing(current="new", keys={"old": b"o" * 32, "new": b"n" * 32}, index_key=b"i" * 32)
NEW = KeyRing(current="new", keys={"new": b"n" * 32}, index_key=b"i" * 32)
NATIONAL = replace(NEW, cipher=SealCipher.SM4_GCM)


async def test_a_sealed_value_reads_as_it_was_written_by_every_way_of_reading(database: Database) -> None:
    one = await person(await account(), name=CANARY)
    assert one.name == CANARY
    assert (await Person.get(id=one.id)).name == CANARY
    assert await Person.filter(id=one.id).values("name", "identity_number") == [
        {"name": CANARY, "identity_number": "11010519491231002X"}
    ]
    assert list(await Person.filter(id=one.id).values_list("name")) == [(CANARY,)]


async def test_a_sealed_value_can_be_written_by_every_way_of_writing(database: Database) -> None:
    owner = await account()
    first, second = await person(owner), await person(owner, is_self=False, index="p2")
    await Person.filter(id=first.id).update(name="乙")
    first.household_address = "另一处"
    await first.save(update_fields=["household_address"])
    second.name = "丙"
    await Person.bulk_update([second], fields=["name"])
    made = await Account.create(appid="wx", openid="o2", openid_index="i2", created_at=NOON, phone="13900000000")
    await Account.bulk_create([Account(appid="wx", openid="o3", openid_index="i3", created_at=NOON)])
    assert {row.name for row in await Person.all()} == {"乙", "丙"}
    assert (await Person.get(id=first.id)).household_address == "另一处"
    assert (await Account.get(id=made.id)).phone == "13900000000"
    assert (await Account.get(openid_index="i3")).openid == "o3"


async def test_a_sealed_value_may_be_absent_and_absence_can_be_asked_for(database: Database) -> None:
    one = await account()
    assert (await Account.get(id=one.id)).phone is None
    assert await Account.filter(phone=None).count() == 1
    await Account.filter(id=one.id).update(phone="13900000000")
    assert await Account.filter(phone__isnull=False).count() == 1
    await Account.filter(id=one.id).update(phone=None)
    assert (await Account.get(id=one.id)).phone is None


async def test_a_sealed_object_comes_back_whole(database: Database) -> None:
    form = {"name": CANARY, "guardian": {"phone": "13900000000"}, "lines": ["甲", "乙"], "attend": 2, "none": None}
    one = await case(await person(await account()), form=form)
    assert (await Case.get(id=one.id)).form == form


async def test_a_sealed_column_cannot_be_filtered_on(database: Database) -> None:
    for question in ({"name": CANARY}, {"name__in": [CANARY]}, {"name__not": CANARY}):
        with pytest.raises(TypeError, match=r"person\.name is sealed"):
            await Person.filter(**question).count()


async def test_sealed_text_takes_nothing_but_text(database: Database) -> None:
    one = await account()
    with pytest.raises(TypeError, match="takes text, not int"):
        await Account.filter(id=one.id).update(phone=13900000000)


async def test_neither_text_nor_its_parts_stand_in_the_database_in_clear(
    migrated_database_url: str, keyring: KeyRing, on_postgres: bool
) -> None:
    url = migrated_database_url
    async with open_database(url, keyring):
        one = await person(await account("openid-canary"), name=CANARY, identity_number=CANARY_NUMBER)
        await case(one, form={"name": CANARY, "number": CANARY_NUMBER})
        stored = await _everything(url, on_postgres)
        for word in (CANARY, CANARY_NUMBER, "openid-canary", CANARY.encode("unicode_escape").decode()):
            assert word.encode() not in stored
        assert b"service_case" in stored, "looked in the wrong place"
    assert CANARY_NUMBER.encode() not in await _everything(url, on_postgres)


async def _everything(url: str, on_postgres: bool) -> bytes:
    if not on_postgres:
        path = Path(url.removeprefix("sqlite://"))
        return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    other = await asyncpg.connect(url)
    try:
        tables = await other.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        whole = b""
        for (table,) in tables:
            whole += table.encode()
            for row in await other.fetch(f'SELECT * FROM "{table}"'):
                whole += b" ".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
        return whole
    finally:
        await other.close()


async def test_a_value_moved_to_another_column_does_not_open_there(database: Database) -> None:
    one = await person(await account())
    await execute("UPDATE person SET name = identity_number")
    with pytest.raises(SealBroken, match="another column"):
        await Person.get(id=one.id)


async def test_altered_bytes_do_not_open(database: Database) -> None:
    blob = seal("person.name", CANARY.encode())
    for position in range(len(blob)):
        broken = blob[:position] + bytes([blob[position] ^ 1]) + blob[position + 1 :]
        with pytest.raises(SealBroken):
            unseal("person.name", broken)
    for length in range(len(blob)):
        with pytest.raises(SealBroken):
            unseal("person.name", blob[:length])


async def test_equal_values_are_sealed_differently_each_time(database: Database) -> None:
    assert seal("a.b", b"same") != seal("a.b", b"same")


@given(st.text(), st.text(min_size=1, max_size=60))
def test_whatever_was_sealed_opens_again_for_its_purpose_only(text: str, purpose: str) -> None:
    install_keyring(BOTH)
    blob = seal(purpose, text.encode())
    assert unseal(purpose, blob).decode() == text
    assert key_id_of(blob) == "new"
    with pytest.raises(SealBroken):
        unseal(purpose + "x", blob)


@given(st.text(), st.text(), st.text(), st.text())
def test_blind_indexes_are_equal_only_for_equal_value_and_purpose(a: str, b: str, c: str, d: str) -> None:
    install_keyring(BOTH)
    assert (blind_index(a, b) == blind_index(c, d)) == ((a, b) == (c, d))


def test_a_blind_index_depends_on_its_key_and_not_on_the_sealing_key() -> None:
    install_keyring(OLD)
    index = blind_index("440308199901010011", "person.identity_number")
    install_keyring(NEW)
    assert blind_index("440308199901010011", "person.identity_number") == index
    install_keyring(KeyRing(current="new", keys=NEW.keys, index_key=b"j" * 32))
    assert blind_index("440308199901010011", "person.identity_number") != index


def test_sealing_without_keys_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_installed", None)
    with pytest.raises(NoKeyRing, match="open_database"):
        seal("a.b", b"")


@pytest.mark.parametrize(
    ("current", "keys", "index_key"),
    [
        ("a", {"b": b"k" * 32}, b"i" * 32),
        ("a", {"a": b"k" * 31}, b"i" * 32),
        ("a", {"a": b"k" * 32}, b"i" * 31),
        ("", {"": b"k" * 32}, b"i" * 32),
        ("钥" * 86, {"钥" * 86: b"k" * 32}, b"i" * 32),
    ],
)
def test_a_key_ring_that_cannot_work_is_refused(current: str, keys: dict[str, bytes], index_key: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        KeyRing(current=current, keys=keys, index_key=index_key)


def test_keys_never_show_in_the_text_of_a_ring() -> None:
    assert "nnnn" not in repr(BOTH)
    assert "iiii" not in repr(BOTH)


async def test_after_rotation_the_old_key_is_no_longer_needed(empty_database_url: str) -> None:
    await migrate(empty_database_url, OLD)
    async with open_database(empty_database_url, OLD):
        one = await person(await account(), name=CANARY)
        await _declare(one)
        await case(one, form={"name": CANARY})
    async with open_database(empty_database_url, BOTH):
        await person(await account("o-2"), name="乙")
        assert await reseal(BOTH) == 4, "account, person, declaration, case; the new rows are skipped"
        assert await reseal(BOTH) == 0
        assert [row.key_id for row in await SealCheck.all()] == ["new"]
        assert await read("SELECT id FROM append_only_lift") == []
    async with open_database(empty_database_url, NEW):
        assert sorted(row.name for row in await Person.all()) == sorted(["乙", CANARY])
        assert (await Case.all())[0].form == {"name": CANARY}
        assert (await ResidenceDeclaration.all())[0].address == "某路 2 号"


async def test_rotation_goes_on_where_it_stopped_and_takes_many_rows_in_batches(empty_database_url: str) -> None:
    await migrate(empty_database_url, OLD)
    async with open_database(empty_database_url, OLD):
        rows = [Account(appid="wx", openid=f"o{n}", openid_index=f"i{n}", created_at=NOON) for n in range(450)]
        await Account.bulk_create(rows)
    async with open_database(empty_database_url, BOTH):
        assert await reseal(BOTH) == 450
    async with open_database(empty_database_url, NEW):
        assert {row.openid for row in await Account.all()} == {f"o{n}" for n in range(450)}


async def test_both_ciphers_open_side_by_side_and_resealing_moves_between_them(empty_database_url: str) -> None:
    await migrate(empty_database_url, NEW)
    for before, after in ((NEW, NATIONAL), (NATIONAL, NEW)):
        async with open_database(empty_database_url, before):
            await person(await account(f"o-{before.cipher}"), name=CANARY)
        async with open_database(empty_database_url, after):
            await Person.all().update(household_address="某路 9 号")
            assert {row.name for row in await Person.all()} == {CANARY}
            assert await reseal(after) > 0
            assert await reseal(after) == 0
            blobs = [
                bytes(row[column])
                for row in await read("SELECT * FROM person")
                for column in ("name", "identity_number")
            ]
            assert {cipher_of(blob) for blob in blobs if blob} == {after.cipher}


def test_a_value_of_one_cipher_is_not_opened_by_the_other() -> None:
    for ring, other in ((NEW, 2), (NATIONAL, 1)):
        install_keyring(ring)
        blob = seal("a.b", b"text")
        assert (cipher_of(blob), unseal("a.b", blob)) == (ring.cipher, b"text")
        with pytest.raises(SealBroken):
            unseal("a.b", bytes((other,)) + blob[1:])
        for position in range(len(blob)):
            with pytest.raises(SealBroken):
                unseal("a.b", blob[:position] + bytes([blob[position] ^ 4]) + blob[position + 1 :])
            with pytest.raises(SealBroken):
                unseal("a.b", blob[:position])


def test_sm4_gcm_is_that_of_rfc_8998() -> None:
    """RFC 8998, appendix A.1."""
    cipher = Sm4Gcm(bytes.fromhex("0123456789abcdeffedcba9876543210"))
    nonce, associated = bytes.fromhex("00001234567800000000abcd"), bytes.fromhex("feedfacedeadbeef" * 2 + "abaddad2")
    data = bytes.fromhex("".join(two * 8 for two in ("aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa")))
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15"
        "a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert cipher.encrypt(nonce, data, associated) == sealed
    assert cipher.decrypt(nonce, sealed, associated) == data


def test_the_sm4_key_is_drawn_by_hkdf_with_sm3() -> None:
    """By hand from RFC 5869: extract with a salt of zeros, expand by one block."""

    def hmac_sm3(key: bytes, message: bytes) -> bytes:
        work = HMAC(key, hashes.SM3())
        work.update(message)
        return work.finalize()

    drawn = hmac_sm3(hmac_sm3(bytes(32), b"n" * 32), b"tongban sealed column sm4-gcm\x01")
    assert sm4_key(b"n" * 32) == drawn[:16]


async def _declare(one: Person) -> None:
    await ResidenceDeclaration.create(
        account_id=one.account_id,
        person_id=one.id,
        division="360102",
        address="某路 2 号",
        declared_locally=False,
        declared_at=NOON,
        rule_day=NOON.date(),
    )


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 — the point of the test
    with pytest.raises(ValueError, match="time zone"):
        utc(naive)
    with pytest.raises(ValueError, match="time zone"):
        await Consent.create(account_id=(await account()).id, version="1", given_at=naive)
    with pytest.raises(ValueError, match="time zone"):
        await Consent.filter(given_at__gt=naive).count()


async def test_moments_keep_their_microseconds_and_their_order(database: Database) -> None:
    owner = await account()
    moments = [NOON, NOON.replace(microsecond=1), NOON.replace(microsecond=500000), NOON.replace(second=1)]
    for number, moment in enumerate(moments):
        await Consent.create(account_id=owner.id, version=str(number), given_at=moment)
    assert [row.given_at for row in await Consent.all().order_by("given_at")] == moments
    assert await Consent.filter(given_at__gt=moments[1]).count() == 2
    assert all(row.given_at.tzinfo is UTC for row in await Consent.all())


async def test_sealed_columns_are_binary_in_the_table(database: Database, on_postgres: bool) -> None:
    await person(await account())
    kind = "pg_typeof(name)::text" if on_postgres else "typeof(name)"
    assert [row["k"] for row in await connection().execute_query_dict(f"SELECT {kind} AS k FROM person")] == [
        "bytea" if on_postgres else "blob"
    ]
