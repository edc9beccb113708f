//! The command `encryption` of a service binary, as whoever rotates keys runs it (SEC-5).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod place;
mod rotation;
mod vault;

seaworthy_testkit::on_every_database! {
    crate::place::open, in_the_test;
    rotation:
        a_keyring_is_rotated_by_the_command_whatever_keys_and_columns_are_sec_5,
        a_value_that_is_no_envelope_ends_the_command_and_is_not_told_sec_5;
    vault:
        a_key_at_vault_is_rotated_and_what_is_stored_follows_by_commands_sec_5;
}

#[test]
fn a_keyring_is_not_rotated_but_by_its_settings_sec_5() {
    let key = place::new_key();
    let ended = place::trial(&["rotate"], &[("NEW", key.as_str())]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.stderr.contains("encryption new-key"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_new_key_is_another_each_time_and_alone_on_stdout_sec_5() {
    let [one, other] = [(); 2].map(|()| place::new_key());
    assert_ne!(one, other);
    let ended = place::trial(&["new-key", "--format", "json"], &[]);
    let answer: serde_json::Value = serde_json::from_str(&ended.stdout.concat()).unwrap();
    assert_eq!(answer["key"].as_str().unwrap().len(), one.len());
}
