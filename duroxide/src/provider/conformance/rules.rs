//! The list of all rules: the one place that decides what a store is tested for.

/// Makes a test of every rule of the contract, against the stores of a factory.
///
/// The expression is evaluated once for each test. The tests use `#[tokio::test]`, so the calling
/// crate needs `tokio` with `rt-multi-thread` and `macros`. `docs/provider-guide.md` has a whole
/// example; the call itself is `duroxide::conformance_tests!(MyStores::default());`.
///
/// ```
/// mod contract {
/// # use std::sync::{Arc, Mutex};
/// #
/// # use async_trait::async_trait;
/// # use duroxide::env::TokioEnv;
/// # use duroxide::provider::ProviderRef;
/// # use duroxide::provider::conformance::ProviderFactory;
/// # use duroxide::provider::model::ModelProvider;
/// #
/// # #[derive(Debug, Default)]
/// # struct Models(Mutex<Option<ModelProvider>>);
/// #
/// # #[async_trait]
/// # impl ProviderFactory for Models {
/// #     async fn create(&self) -> ProviderRef {
/// #         let model = ModelProvider::new(Arc::new(TokioEnv::new()));
/// #         *self.0.lock().expect("no panic") = Some(model.clone());
/// #         Arc::new(model)
/// #     }
/// #
/// #     async fn reopen(&self, provider: ProviderRef) -> ProviderRef {
/// #         drop(provider);
/// #         let model = self.0.lock().expect("no panic").clone().expect("a store was created");
/// #         model.restart();
/// #         Arc::new(model)
/// #     }
/// # }
///     // A `ProviderFactory` named `Models` stands here.
///     duroxide::conformance_tests!(Models::default());
/// }
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($factory:expr) => {
        fn conformance_factory() -> impl $crate::provider::conformance::ProviderFactory {
            $factory
        }
        $crate::conformance_tests! { @list
            activities: [
                an_activity_carries_what_it_needs,
                an_attempt_carries_its_number_and_its_first,
                activities_come_first_in_first_out,
                a_locked_activity_is_not_handed_out,
                a_fetch_gives_no_more_activities_than_asked_for,
                many_fetchers_never_share_an_activity,
                an_activity_without_a_committed_turn_never_appears,
                a_forged_activity_lock_is_no_lock,
            ]
            activity_leases: [
                an_expired_activity_passes_to_the_next,
                renewing_extends_the_lease_of_an_activity,
                renewing_never_shortens_the_lease_of_an_activity,
                an_expired_activity_is_not_revived,
                the_lease_of_an_activity_begins_when_it_is_granted,
                turns_and_activities_are_locked_apart,
            ]
            atomicity: [
                a_turn_is_written_as_a_whole,
                a_refused_turn_leaves_no_trace,
                a_turn_without_its_lock_leaves_no_trace,
                the_same_turn_again_is_already_applied,
                a_repeated_turn_does_not_disturb_the_next_holder,
                a_turn_is_recognised_after_a_crash,
                a_last_turn_is_recognised,
                a_second_turn_under_one_lock_is_lost,
                of_concurrent_commits_of_one_turn_one_writes,
                of_concurrent_turns_under_one_lock_one_is_written,
                a_commit_dropped_halfway_can_be_made_again,
                a_fetch_names_the_last_turn,
            ]
            attempts: [
                a_message_given_back_counts,
                a_message_whose_lease_ended_counts,
                a_forgotten_message_does_not_count,
                each_message_has_its_own_count,
                a_message_left_by_a_turn_that_did_nothing_counts,
                a_message_left_by_a_turn_that_did_something_does_not_count,
                a_message_that_crashes_its_process_counts,
                an_activity_delivered_again_counts,
                a_forgotten_activity_does_not_count,
                each_activity_has_its_own_count,
                an_activity_that_crashes_its_process_counts,
            ]
            cancel_requests: [
                a_request_arrives_as_it_was_sent,
                a_request_for_an_unknown_instance_is_refused,
                a_request_before_the_first_turn_is_kept,
                a_request_keeps_its_place,
                a_request_sent_again_is_one_message,
                a_request_after_the_end_changes_nothing,
                a_request_follows_the_next_start,
                a_request_survives,
                a_request_wakes_a_fetch,
                a_parent_cancels_its_child,
            ]
            cancelled_timers: [
                a_cancelled_timer_never_fires,
                a_timer_cancelled_by_its_own_turn_never_fires,
                cancelling_a_timer_that_is_not_there_is_no_error,
                a_timer_of_another_instance_is_not_cancelled,
            ]
            cancelling: [
                a_cancelled_activity_is_not_handed_out,
                a_cancelled_activity_is_lost_for_its_worker,
                a_cancellation_counts_with_its_commit,
                an_activity_cancelled_by_its_own_turn_never_appears,
                cancelling_what_is_completed_changes_nothing,
                cancelling_what_is_not_there_changes_nothing,
                many_activities_are_cancelled_at_once,
                a_cancellation_concerns_its_own_instance,
                an_ending_turn_can_cancel,
            ]
            children: [
                a_child_exists_with_the_turn_that_starts_it,
                a_child_of_a_turn_that_is_not_written_does_not_exist,
                the_end_of_a_child_reaches_its_parent,
                the_failure_of_a_child_reaches_its_parent,
                a_child_keeps_its_parent_over_its_executions,
                a_child_outlives_the_execution_of_its_parent,
                a_child_has_children_of_its_own,
                a_taken_id_is_answered,
                the_id_of_an_ended_instance_is_taken,
                nobody_is_its_own_child,
                of_two_children_with_one_id_one_starts,
                of_concurrent_children_with_one_id_one_starts,
                a_repeated_turn_starts_nobody_again,
                many_children_start_at_once,
                children_survive,
                children_wake_a_fetch,
            ]
            completions: [
                a_result_arrives_once,
                a_failure_arrives_once,
                a_second_completion_is_lost,
                a_completed_activity_is_gone,
                of_concurrent_completions_one_wins,
                an_overtaken_completion_is_lost,
                a_late_completion_counts_if_nobody_took_over,
                results_of_many_activities_all_arrive,
            ]
            consuming: [
                consuming_an_unknown_message_is_refused,
                consuming_a_message_of_another_instance_is_refused,
                consuming_a_message_twice_is_refused,
                consuming_a_message_not_handed_out_is_refused,
            ]
            continue_as_new: [
                continuing_begins_the_next_execution,
                the_status_follows_the_current_execution,
                the_old_history_stays,
                messages_left_behind_follow_the_next_start,
                an_activity_outlives_its_execution,
                a_timer_outlives_its_execution,
                a_cancellation_concerns_its_own_execution,
                a_chain_of_executions_is_numbered_without_a_gap,
            ]
            corruption: [
                a_corrupt_message_is_handed_out_as_an_error,
                an_instance_with_a_corrupt_start_can_be_ended,
                a_corrupt_message_holds_up_nobody,
                a_corrupt_event_is_never_passed_over,
                a_corrupt_history_concerns_its_instance_only,
                an_instance_with_a_corrupt_history_can_be_ended,
                an_activity_that_cannot_be_read_is_handed_out,
            ]
            crowds: [
                each_of_many_parked_fetches_gets_a_turn,
                each_of_many_parked_fetches_gets_an_activity,
                each_of_many_parked_fetches_gets_a_timer,
                each_of_many_parked_fetches_takes_over,
                a_fetch_misses_nothing_while_it_parks,
            ]
            custom_status: [
                a_new_instance_shows_nothing,
                a_status_shows_with_its_commit,
                a_status_is_taken_back,
                a_turn_without_a_status_keeps_it,
                every_setting_counts,
                the_last_status_of_a_turn_shows,
                any_text_is_a_status,
                a_status_counts_with_its_commit,
                a_wait_ends_with_a_status,
                a_status_survives,
                a_status_stays_over_executions,
                statuses_do_not_mix,
                the_time_of_the_last_change_is_true,
                an_execution_is_pending_until_its_first_turn,
            ]
            deleted_work: [
                a_parent_hears_of_the_deletion_of_its_child,
                a_turn_of_a_deleted_instance_is_lost,
                an_activity_of_a_deleted_instance_is_lost,
                a_message_for_a_deleted_instance_is_dropped,
                a_wait_outlives_a_deletion,
            ]
            deletion: [
                a_deleted_instance_leaves_nothing,
                what_runs_is_deleted_by_force_only,
                a_set_is_deleted_as_a_whole,
                a_parent_is_not_deleted_without_its_children,
                an_ended_child_is_deleted_alone,
                a_family_that_is_deleted_is_gone,
                a_deleted_id_is_free,
                what_has_ended_is_deleted_in_pages,
            ]
            detached: [
                a_detached_instance_has_no_parent,
                a_taken_id_starts_nothing,
                an_ending_turn_starts_others,
                a_detached_instance_outlives_its_starter,
            ]
            endings: [
                a_completed_instance_shows_its_output,
                a_failed_instance_shows_why,
                messages_after_the_end_are_handed_out_as_such,
                messages_left_by_the_last_turn_are_handed_out,
                a_timer_after_the_end_changes_nothing,
                an_ended_instance_stays_as_it_ended,
            ]
            events: [
                an_event_arrives_as_it_was_sent,
                an_event_for_an_unknown_instance_is_refused,
                only_events_can_be_sent,
                an_event_before_the_first_turn_is_kept,
                events_keep_their_order,
                an_event_survives,
                an_event_wakes_a_fetch,
                an_event_sent_again_is_one_message,
                of_concurrent_sends_of_one_event_one_is_accepted,
                an_event_after_the_end_changes_nothing,
                events_left_behind_follow_the_next_start,
                events_do_not_overtake_what_is_put_off,
                a_corrupt_event_holds_up_nobody,
            ]
            executions: [
                an_execution_before_its_first_turn_has_not_begun,
                each_execution_is_told,
                a_failed_execution_is_told_with_why,
                what_is_unknown_has_no_executions,
            ]
            giving_back: [
                an_abandoned_turn_is_there_at_once,
                an_abandoned_turn_is_there_after_its_delay,
                a_delay_does_not_hold_back_what_arrives,
                a_delay_does_not_hold_up_other_instances,
                an_overtaken_turn_cannot_be_given_back,
                an_abandoned_activity_is_there_at_once,
                an_abandoned_activity_is_there_after_its_delay,
                a_delayed_activity_does_not_hold_up_others,
                an_overtaken_activity_cannot_be_given_back,
                an_activity_is_lost_by_abandoning,
            ]
            history: [
                events_are_read_as_they_were_written,
                failures_are_read_as_they_were_written,
                pages_join_without_gap_or_overlap,
                a_read_begins_behind_any_event,
                reading_behind_the_end_gives_nothing,
                what_is_unknown_has_no_events,
                an_earlier_read_is_a_prefix_of_a_later_one,
            ]
            inbox: [
                an_instance_without_messages_is_not_handed_out,
                messages_come_together_in_the_order_of_arrival,
                the_start_comes_first,
                messages_that_arrive_during_a_lock_wait,
                messages_that_arrive_during_a_lost_turn_join_it,
                only_consumed_messages_are_deleted,
                a_turn_may_consume_nothing,
                messages_have_ids_of_their_own,
                a_fetch_gives_no_more_than_asked_for,
                messages_reach_their_own_instance,
            ]
            instances: [
                a_started_instance_exists_before_its_first_turn,
                a_start_carries_everything_to_the_first_turn,
                a_second_start_changes_nothing,
                a_start_with_another_name_or_input_is_not_the_same,
                a_start_is_compared_with_the_first_one,
                a_start_after_the_end_begins_nothing,
                of_concurrent_starts_one_creates,
                an_unknown_instance_has_no_status,
                the_first_turn_pins_the_version,
                an_execution_of_one_turn_is_pinned_too,
                instances_do_not_mix,
                instances_are_listed_in_the_order_of_their_ids,
                progress_alone_does_not_change_the_status,
            ]
            leases: [
                an_expired_lock_passes_to_the_next,
                a_lock_is_lost_by_being_taken_over,
                a_late_turn_counts_if_nobody_took_over,
                renewing_extends_a_lease,
                renewing_never_shortens_a_lease,
                an_expired_lock_is_not_revived,
                a_renewed_lease_ends_too,
                a_lease_begins_when_it_is_granted,
                an_expired_lock_passes_to_one_of_many,
            ]
            listing: [
                pages_of_a_list_join,
                a_list_tells_what_the_status_does,
                instances_are_listed_by_state,
                instances_are_listed_by_what_they_are,
                instances_are_listed_by_their_end,
                all_conditions_of_a_list_hold,
                a_list_follows_what_happens,
                children_are_listed,
            ]
            locking: [
                a_locked_instance_is_not_handed_out,
                a_lock_does_not_hold_up_other_instances,
                many_fetchers_never_share_an_instance,
                every_lock_has_a_larger_epoch,
                epochs_grow_over_restarts,
                locks_of_one_call_differ,
                a_forged_lock_is_no_lock,
                a_lock_is_lost_by_committing,
                a_lock_is_lost_by_abandoning,
            ]
            messages: [
                a_message_to_nobody_holds_up_nobody,
                messages_arrive_in_their_order,
                a_message_follows_the_start_of_its_own_turn,
                a_message_to_oneself_arrives,
                a_message_during_a_lock_waits,
                a_message_after_the_end_changes_nothing,
                a_message_wakes_a_fetch,
                a_message_counts_with_its_commit,
                a_repeated_turn_sends_once,
                a_message_survives,
                messages_of_many_senders_all_arrive,
                two_instances_tell_each_other,
            ]
            outages: [
                an_outage_during_a_renewal_loses_no_lock,
                what_an_outage_interrupts_can_be_done_again,
                work_goes_on_after_an_outage,
            ]
            parking: [
                a_start_wakes_a_fetch,
                a_completion_wakes_a_fetch,
                an_abandoned_turn_wakes_a_fetch,
                a_commit_wakes_a_fetch_for_what_arrived_meanwhile,
                a_commit_wakes_a_fetch_for_what_it_left,
                continuing_as_new_wakes_a_fetch,
                a_commit_wakes_a_fetch_of_activities,
                an_abandoned_activity_wakes_a_fetch,
                a_dropped_fetch_has_locked_nothing,
                a_dropped_fetch_takes_no_wake_up_with_it,
                a_wake_up_reaches_whom_it_concerns,
            ]
            payloads: [
                a_large_payload_comes_back,
                an_empty_payload_comes_back,
                any_character_comes_back,
            ]
            pruning: [
                the_newest_executions_are_kept,
                old_executions_are_forgotten,
                what_is_forgotten_is_counted,
                the_last_turn_outlives_its_execution,
                the_current_execution_is_never_forgotten,
                values_outlive_the_execution_that_wrote_them,
                an_activity_of_a_forgotten_execution_is_lost,
                a_turn_forgets_executions,
                a_turn_forgets_what_old_executions_left,
                forgetting_the_current_execution_is_refused,
            ]
            refusals: [
                a_gap_in_the_events_is_refused,
                an_event_written_twice_is_refused,
                a_second_start_event_is_refused,
                a_first_event_that_is_no_start_is_refused,
                an_event_behind_the_end_is_refused,
                an_event_for_an_ended_instance_is_refused,
                an_outcome_without_its_event_is_refused,
                an_end_without_its_outcome_is_refused,
                a_successor_with_a_wrong_number_is_refused,
                a_turn_of_another_execution_is_refused,
                an_activity_without_its_event_is_refused,
                a_timer_without_its_event_is_refused,
                a_start_of_a_later_execution_is_refused,
            ]
            reopening: [
                a_start_survives,
                a_turn_survives,
                a_completion_survives,
                a_cancellation_survives,
                endings_and_successors_survive,
                a_turn_that_was_held_is_handed_out_again,
                an_activity_that_was_held_is_handed_out_again,
                order_survives,
                ids_are_not_given_twice,
                a_crash_after_every_step_changes_nothing,
            ]
            semantics: [
                a_worker_without_a_range_gets_all,
                a_range_includes_its_ends,
                an_execution_that_does_not_fit_is_passed_over,
                a_crowd_that_does_not_fit_hides_nothing,
                an_execution_that_has_not_begun_fits_all,
                an_empty_range_gets_nothing,
                the_number_stays_for_the_whole_execution,
                the_next_execution_is_pinned_anew,
                the_number_survives,
                a_worker_wakes_for_what_fits,
                many_workers_with_a_range_never_share,
                a_history_that_cannot_be_read_is_passed_over_too,
            ]
            session_claims: [
                a_session_is_free_when_its_claim_ends,
                a_session_that_was_taken_over_is_lost,
                an_owner_claims_again_what_nobody_took,
                a_claim_that_has_ended_is_not_counted,
                renewing_extends_the_claims_of_an_owner,
                renewing_is_for_the_owners_that_are_named,
                renewing_never_shortens_a_claim,
                an_idle_session_is_not_renewed,
                work_extends_a_claim,
                an_activity_outlives_the_claim_on_its_session,
                an_expired_activity_stays_with_the_owner,
                an_expired_activity_of_a_free_session_is_anybodys,
                a_claim_given_back_is_free_at_once,
                an_activity_outlives_a_claim_given_back,
                a_claim_does_not_outlive_a_crash,
            ]
            session_order: [
                one_activity_of_a_session_runs_at_a_time,
                the_next_activity_follows_the_end_of_the_last,
                an_activity_given_back_keeps_its_place,
                an_expired_activity_keeps_its_place,
                a_new_owner_waits_for_what_runs,
                a_cancelled_activity_lets_the_next_one_go,
                an_activity_waits_for_a_later_one_that_runs,
            ]
            sessions: [
                a_worker_without_sessions_gets_what_has_none,
                a_worker_with_sessions_gets_the_rest_too,
                a_session_comes_with_its_activity,
                a_session_stays_with_its_owner,
                a_session_without_activities_stays_with_its_owner,
                sessions_are_owned_apart,
                instances_share_a_session,
                workers_of_one_owner_share_its_sessions,
                of_concurrent_owners_one_gets_a_session,
                a_worker_wakes_for_its_own_session,
                an_owner_has_no_more_sessions_than_it_wants,
                an_owner_that_wants_no_session_gets_none,
                tags_and_sessions_both_hold,
                an_activity_given_back_stays_in_its_session,
                a_session_outlives_an_execution,
                a_cancelled_activity_leaves_its_session,
            ]
            statistics: [
                an_empty_store_has_nothing,
                totals_add_up,
                messages_count_until_they_are_consumed,
                activities_count_until_they_are_done,
                timers_count_until_they_are_due,
                the_size_of_an_instance_is_told,
                what_an_instance_has_not_read_is_told,
                what_is_carried_is_not_read,
                what_is_unknown_has_no_size,
            ]
            tags: [
                a_worker_without_tags_gets_what_has_none,
                a_worker_with_tags_gets_what_has_them,
                several_tags_are_one_queue,
                a_worker_gets_its_tags_and_the_rest,
                a_worker_for_any_tag_gets_all,
                a_worker_for_nothing_gets_nothing,
                a_tag_comes_with_its_activity,
                a_tag_stays,
                a_worker_wakes_for_its_tag,
                what_is_kept_back_holds_nobody_up,
                a_tagged_activity_is_like_any_other,
            ]
            timers: [
                a_timer_fires_when_it_is_due,
                a_timer_is_not_early_in_a_busy_store,
                a_timer_without_a_delay_fires_at_once,
                timers_fire_in_the_order_of_their_due_times,
                timers_of_the_same_moment_all_fire,
                an_earlier_timer_overtakes_a_later_one,
                a_timer_at_the_end_of_time_never_fires,
                a_timer_during_a_lock_waits,
                timers_survive_a_crash,
                a_consumed_timer_stays_consumed,
                a_fired_timer_is_kept_until_it_is_consumed,
            ]
            values: [
                a_value_is_there_with_its_commit,
                a_value_is_overwritten,
                a_value_is_removed,
                all_values_are_removed,
                changes_of_one_turn_keep_their_order,
                values_are_listed_in_the_order_of_their_keys,
                any_key_and_value_come_back,
                what_is_unknown_has_no_values,
                values_do_not_mix,
                a_value_counts_with_its_commit,
                a_changed_value_is_a_change,
                a_wait_ends_with_a_value,
                values_survive,
                values_stay_over_executions,
                the_last_changes_of_an_execution_stay,
                values_outlive_the_end,
                a_child_keeps_its_own_values,
            ]
            waiting: [
                a_wait_ends_with_the_creation,
                a_wait_ends_with_the_end,
                a_wait_ends_with_the_next_execution,
                a_wait_for_what_has_happened_returns,
                a_wait_for_the_end_passes_over_changes,
                a_wait_after_the_end_returns,
                progress_alone_ends_no_wait,
                all_waits_end,
                a_wait_tells_what_is_durable,
            ]
            wrong_commits: [
                a_child_of_somebody_else_is_refused,
                a_child_with_another_id_is_refused,
                a_child_without_an_answer_is_refused,
                a_detached_start_out_of_nothing_is_refused,
                a_start_that_is_none_is_refused,
                a_message_that_nobody_may_send_is_refused,
                a_status_without_its_event_is_refused,
                a_value_without_its_event_is_refused,
                an_ended_instance_starts_and_keeps_nothing,
            ]
        }
    };
    (@list $($group:ident: [$($rule:ident,)*])*) => {
        $(mod $group {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $rule() {
                let factory = super::conformance_factory();
                let rule = $crate::provider::conformance::$group::$rule;
                $crate::provider::conformance::run(&factory, rule).await;
            })*
        })*
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    const LIST: &str = include_str!("rules.rs");

    /// The names in a group of the list.
    fn listed(group: &str) -> BTreeSet<&str> {
        let begin = LIST
            .split_once(&format!("            {group}: ["))
            .map_or("", |found| found.1);
        let names = begin.split(']').next().unwrap_or_default().split(',');
        names
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect()
    }

    #[test]
    fn every_rule_is_listed_once() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider/conformance");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let source = std::fs::read_to_string(&path).unwrap();
            let rules = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn "));
            let rules = rules.filter_map(|rule| rule.split_once('('));
            let rules = rules.map(|found| found.0).filter(|&name| name != "run");
            let rules: BTreeSet<_> = rules.collect();
            let group = path.file_stem().unwrap().to_str().unwrap();
            assert_eq!(listed(group), rules, "the list and {group}.rs differ");
        }
    }
}
