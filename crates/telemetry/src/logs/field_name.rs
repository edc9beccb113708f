/// The name of a field: lower case letters, digits and underscores, so that it needs no escape.
///
/// ```
/// use seaworthy_telemetry::logs::FieldName;
///
/// const ORDER_ID: FieldName = FieldName::new("order_id");
/// # let _ = ORDER_ID;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldName(pub(super) &'static str);

impl FieldName {
    /// Checks a name.
    ///
    /// # Panics
    /// If the name has another character. A constant with such a name does not compile.
    #[must_use]
    #[expect(clippy::panic, reason = "a constant that is wrong does not compile")]
    pub const fn new(name: &'static str) -> Self {
        let mut rest = name.as_bytes();
        while let [first, others @ ..] = rest {
            if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_') {
                panic!("a field name has lower case letters, digits and underscores only");
            }
            rest = others;
        }
        Self(name)
    }
}
