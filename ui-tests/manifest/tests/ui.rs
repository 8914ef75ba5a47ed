//! What the compiler says where a crate has another name. After a change of words:
//! `TRYBUILD=overwrite cargo test -p ui-tests -p ui-tests-manifest`, then read every changed file.

#[test]
fn a_crate_under_another_name_is_known() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/*.rs");
}

#[test]
fn and_may_be_allowed() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
}
