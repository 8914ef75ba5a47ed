//! The samples and scenarios of the published crate, each as a program that runs from end to end.
//!
//! Many were here before, among the tests of programs that move over and of the runtime. So every
//! sample stands in this list, with the file and the test that show it.
//!
//! * `hello_world`: `moving_over/basics.rs`, `one_activity_and_its_history`
//! * `basic_control_flow`: `samples/basics.rs`, `basic_control_flow`
//! * `loop`: `moving_over/basics.rs`, `branches_and_loops`
//! * `error_handling`: `runtime/activities.rs`, `an_error_of_an_activity_can_be_caught_or_passed_on`
//! * `basic_error_handling`: `samples/basics.rs`, `basic_error_handling`
//! * `nested_function_error_handling`: `moving_over/failures.rs`, `an_error_is_handled_or_goes_up_by_the_question_mark`
//! * `error_recovery`: `moving_over/failures.rs`, `an_error_is_handled_or_goes_up_by_the_question_mark`
//! * `timeout_with_timer_race`: `moving_over/races.rs`, `a_timer_wins_against_what_never_ends_and_cancels_it`
//! * `select2_activity_vs_external`: `samples/composition.rs`, `select2_activity_vs_external`
//! * `dtf_legacy_gabbar_greetings`: `runtime/first_programs.rs`, `a_fan_out_keeps_its_order`
//! * `system_activities`: `moving_over/basics.rs`, `time_and_ids_are_awaited`
//! * `status_polling`: `samples/basics.rs`, `status_polling`
//! * `sub_orchestration_basic`: `moving_over/children.rs`, `a_child_gives_its_result_under_an_id_of_its_own`
//! * `sub_orchestration_continue_as_new`: `moving_over/children.rs`, `a_child_that_continues_as_new_answers_with_its_last_execution`
//! * `sub_orchestration_fanout`: `moving_over/children.rs`, `children_fan_out_and_chain`
//! * `sub_orchestration_chained`: `moving_over/children.rs`, `children_fan_out_and_chain`
//! * `detached_orchestration_scheduling`: `moving_over/children.rs`, `a_detached_orchestration_goes_its_own_way`
//! * `detached_then_activity`: `samples/composition.rs`, `detached_then_activity`
//! * `continue_as_new`: `runtime/continue_as_new.rs`, `an_instance_goes_through_many_executions`
//! * `typed_activity_and_orchestration`: `moving_over/basics.rs`, `typed_activities_and_a_typed_orchestration`
//! * `typed_event`: `moving_over/events.rs`, `a_typed_event_is_read_and_a_wrong_one_fails_the_instance_only`
//! * `mixed_string_and_typed_typed_orch`: `samples/typed.rs`, `mixed_string_and_typed_typed_orch`
//! * `mixed_string_and_typed_string_orch`: `moving_over/basics.rs`, `text_and_types_mix`
//! * `versioning_start_latest_vs_exact`: `moving_over/versions.rs`, `a_start_takes_the_highest_version_or_the_one_it_names`
//! * `versioning_sub_orchestration_explicit_vs_policy`: `samples/versioning.rs`, `versioning_sub_orchestration_explicit_vs_policy`
//! * `versioning_continue_as_new_upgrade`: `moving_over/versions.rs`, `continue_as_new_upgrades`
//! * `cancellation_parent_cascades_to_children`: `moving_over/cancelling.rs`, `a_cancelled_instance_fails_with_the_reason_and_its_children_too`
//! * `self_pruning_eternal_orchestration`: `moving_over/looking_after.rs`, `an_eternal_loop_forgets_its_past_through_the_client_of_an_activity`
//! * `config_hot_reload_persistent_events`: `samples/continue_as_new.rs`, `config_hot_reload_persistent_events`
//! * `heterogeneous_workers_with_tags`: `runtime/tags.rs`, `an_activity_runs_where_its_tag_is_taken_and_nowhere_else`
//! * `starvation_safe_tagged_activity`: `samples/workers.rs`, `starvation_safe_tagged_activity`
//! * `dual_runtime_tag_cooperation`: `moving_over/workers.rs`, `tagged_work_waits_for_a_worker_that_takes_it`
//! * `kv_request_response`: `moving_over/state.rs`, `a_request_is_answered_through_a_value`
//! * `kv_cross_orchestration_read`: `samples/values.rs`, `kv_cross_orchestration_read`
//! * `kv_read_modify_write_counter`: `moving_over/state.rs`, `a_counter_is_read_and_written`
//! * `orchestration_stats`: `samples/values.rs`, `orchestration_stats`
//!
//! The scenarios, of which each test shows one case; further cases stand beside it:
//!
//! * `copilot_chat`: `samples/scenarios.rs`, `copilot_chat`
//! * `replay_versioning`: `samples/deployments.rs`, `replay_versioning_older_histories_go_on_under_newer_code`
//! * `rolling_deployment`: `samples/deployments.rs`, `rolling_deployment_of_three_nodes`
//! * `sessions`: `samples/scenarios.rs`, `sessions`
//! * `single_thread`: `samples/single_thread.rs`, `single_thread_with_one_slot_each`
//! * `suborch_id_collision`: `samples/collisions.rs`, `suborch_id_collision_between_executions`
//! * `toygres`: `samples/scenarios.rs`, `toygres_actors_in_chains`
//! * `version_replay_bug`: `samples/versioning.rs`, `version_replay_bug`

mod basics;
mod collisions;
mod composition;
mod continue_as_new;
mod deployments;
mod scenarios;
mod single_thread;
mod typed;
mod values;
mod versioning;
mod workers;

use std::path::Path;

use duroxide::provider::ProviderRef;
use duroxide::registry::OrchestrationRegistryBuilder;
use duroxide::storage::redb::RedbProvider;
use duroxide::{ActivityRegistry, RuntimeOptions};
use tempfile::TempDir;

use crate::runtime::world::{Program, World, shared};

/// A store that is gone with its world.
fn memory() -> ProviderRef {
    shared(RedbProvider::in_memory().unwrap())
}

/// A file that is opened again and again.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn open(&self) -> ProviderRef {
        shared(RedbProvider::open(self.folder.path().join("sample.redb")).unwrap())
    }

    fn len(&self) -> u64 {
        let file = self.folder.path().join("sample.redb");
        file.metadata().unwrap().len()
    }
}

fn app(activities: ActivityRegistry, orchestrations: OrchestrationRegistryBuilder) -> Program {
    Program {
        activities,
        orchestrations: orchestrations.build_result().unwrap(),
    }
}

async fn run_on(store: ProviderRef, program: &Program) -> World {
    World::start(store, program, RuntimeOptions::default()).await
}

/// The lines of the list above: sample, file, test.
fn listed() -> Vec<[&'static str; 3]> {
    let lines = include_str!("mod.rs").lines();
    let entries = lines.filter_map(|line| line.strip_prefix("//! * "));
    let parts = |entry: &'static str| {
        let mut quoted = entry.split('`').skip(1).step_by(2);
        [(); 3].map(|()| quoted.next().unwrap())
    };
    entries.map(parts).collect()
}

#[test]
fn every_sample_in_the_list_has_its_test() {
    let listed = listed();
    let mut names: Vec<_> = listed.iter().map(|[sample, ..]| *sample).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((listed.len(), names.len()), (36 + 8, 36 + 8));
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for [sample, file, test] in listed {
        let source = std::fs::read_to_string(tests.join(file)).unwrap();
        let is_there = source.contains(&format!("fn {test}()"));
        assert!(is_there, "{sample}: no test `{test}` in {file}");
    }
}
