use seaworthy::named;

named! {
    #[derive(PartialOrd, Ord)]
    pub(crate) enum NotificationKind {
        Course = "course",
        Assignment = "assignment",
        Achievement = "achievement",
        Payment = "payment",
        System = "system",
    }
}
