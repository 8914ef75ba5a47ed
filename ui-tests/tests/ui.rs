//! What the compiler says to those who use the macros. After a change of words:
//! `TRYBUILD=overwrite cargo test -p ui-tests -p ui-tests-manifest`, then read every changed file.

// The same files once more, as modules: so clippy reads them too.
#[path = "../ui/activity/pass/call_options.rs"]
mod activity_call_options;
#[path = "../ui/activity/pass/callers.rs"]
mod activity_callers;
#[path = "../ui/activity/pass/signatures.rs"]
mod activity_signatures;
#[path = "../ui/activity/pass/stored_form.rs"]
mod activity_stored_form;
#[path = "../ui/event/pass/derived.rs"]
mod event_derived;
#[path = "../ui/orchestration/pass/children.rs"]
mod orchestration_children;
#[path = "../ui/orchestration/pass/stubs.rs"]
mod orchestration_stubs;

#[test]
fn right_code_compiles_and_runs() {
    activity_call_options::main();
    activity_callers::main();
    activity_signatures::main();
    activity_stored_form::main();
    event_derived::main();
    orchestration_children::main();
    orchestration_stubs::main();
    let cases = trybuild::TestCases::new();
    cases.pass("ui/*/pass/*.rs");
}

#[test]
fn wrong_code_is_told_what_to_write_instead() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
}
