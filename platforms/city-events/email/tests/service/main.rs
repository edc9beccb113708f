//! The service with real databases: one mail per message, and the pages of links.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod app;
mod deployment;
mod mails;
mod pages;
mod server;

seaworthy_testkit::on_every_database! {
    crate::app::start, run_in_test;
    mails: sends_verification_mail_once, sends_password_reset_mail, notifies_participants_of_canceled_event, skips_users_without_address, retries_unavailable_auth_service, dead_letters_invalid_messages;
    pages: serves_pages_of_links, forwards_responses_of_auth_service, limits_requests_per_token;
}

/// Tests with two attempts.
mod two_attempts {
    seaworthy_testkit::on_every_database! {
        crate::app::start_with_two_attempts, run_in_test;
        mails: sends_mail_after_claim_of_crashed_process_expires_msg_5;
    }
}
