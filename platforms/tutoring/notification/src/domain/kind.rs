use seaworthy::named;

named! {
    /// The kind of a notification.
    #[derive(PartialOrd, Ord)]
    pub(crate) enum NotificationKind {
        Course = "course",
        Assignment = "assignment",
        Achievement = "achievement",
        Payment = "payment",
        System = "system",
    }
}
