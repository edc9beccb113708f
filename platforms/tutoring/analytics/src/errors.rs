seaworthy::errors! {
    other_user: Forbidden "FORBIDDEN" =>
        "you can record and read your own events only: leave out userId";
}
