"""Where one lands."""


def test_everyone_lands_where_their_role_leads(as_ada, as_vic):
    assert as_ada.get(as_ada.get("/").location).status_code == 200
    assert as_vic.get(as_vic.get("/").location).status_code == 200


def test_who_is_not_signed_in_signs_in_first(anonymous):
    assert anonymous.get("/").location == "/sign-in?next=/"
