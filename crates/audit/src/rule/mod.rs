//! Rules: their metadata and their outcomes.

mod absence;
mod chart;
mod copied_manifest;
mod definitions;
mod development;
mod edit;
mod fail_on;
mod flows;
mod in_repository;
mod metadata;
mod observed;
mod outcome;
mod registry;
mod review_severity;
mod run;
mod telemetry;
mod text;

pub use absence::{absent_in_texts, runs_code, start_of};
pub use chart::{Chart, charts, is_value_inside};
pub use definitions::Definitions;
pub use development::{is_built_for_development, is_fragment, low_in_development_images};
pub use edit::Edit;
pub use fail_on::FailOn;
pub use flows::{
    adjusted_records, blocking_calls, changes_of_unknown_records, checked_then_changed,
    dropped_errors, dropped_promises, dual_writes, exposed_hashes, handlers_without_effect,
    hidden_failures, lists_without_limit, lookups_before_inserts, queries_per_row,
    records_of_others, remote_in_transaction, repeated_messages, repeated_requests,
    retried_changes, unchecked_lookups, unlimited_logins,
};
pub use in_repository::observed_in_repository;
pub use metadata::{Category, Confidence, Metadata, Severity};
pub use observed::{
    observations, observed, observed_anywhere, observed_by_file, observed_unless_kept, or_passed,
};
pub use outcome::{Breach, Check, Outcome, Rule, guesses};
pub use registry::{explain, rules};
pub(crate) use run::{run, run_one};
pub use telemetry::telemetry_is_installed;
pub use text::{repository_contains, start_of_image, texts_contain};

#[cfg(test)]
mod tests;
