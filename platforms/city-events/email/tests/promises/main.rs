//! What the service promises: mail for messages, each once, and the pages of links.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod mails;
mod pages;
mod place;
mod server;

seaworthy_testkit::on_every_database! {
    crate::place::open, in_the_test;
    mails: a_verification_is_sent_once, a_new_password_is_one_mail, who_had_a_place_hears_that_the_event_is_canceled, who_has_no_address_is_not_told, an_auth_service_that_is_away_is_asked_again, what_cannot_be_read_is_set_aside;
    pages: links_lead_to_pages, answers_of_the_auth_service_are_passed_on, questions_are_limited;
}

/// The same with few attempts.
mod impatient {
    seaworthy_testkit::on_every_database! {
        crate::place::open_with_two_attempts, in_the_test;
        mails: the_mail_of_a_process_that_died_is_sent_when_its_claim_ends_msg_5;
    }
}
