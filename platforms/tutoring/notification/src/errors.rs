seaworthy::errors! {
    not_found: NotFound "NOT_FOUND" => "you have no notification with this ID";
    device_not_found: NotFound "NOT_FOUND" => "you have no device token with this ID";
    no_address: Invalid "VALIDATION_ERROR" => "no e-mail address", with_field(
        "email",
        "your account has no verified e-mail address: verify one, and log in again"
    );
}
