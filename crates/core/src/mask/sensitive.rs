use super::MaskRule;
use crate::Personal;

/// A sensitive field of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensitiveField {
    /// The name.
    pub name: &'static str,
    /// How it is masked.
    pub rule: MaskRule,
}

/// A value with sensitive fields, such as a response. The derive of `seaworthy::mask` implements
/// it.
pub trait MakeSensitive {
    /// Returns the sensitive fields of this type, without those of nested types.
    fn sensitive_fields() -> &'static [SensitiveField];

    /// Masks the sensitive fields.
    fn mask_fields(&mut self);

    /// Returns the value with masked fields.
    #[must_use]
    fn anonymized(mut self) -> Self
    where
        Self: Sized,
    {
        self.mask_fields();
        self
    }
}

/// A text, or a collection of texts, that can be masked in place.
pub trait MaskText {
    /// Masks each text. An empty text stays empty.
    fn mask_text(&mut self, rule: MaskRule);
}

impl MaskText for String {
    fn mask_text(&mut self, rule: MaskRule) {
        if !self.is_empty() {
            *self = rule.mask(self);
        }
    }
}

impl<T: MaskText> MaskText for Option<T> {
    fn mask_text(&mut self, rule: MaskRule) {
        if let Some(text) = self {
            text.mask_text(rule);
        }
    }
}

impl<T: MaskText> MaskText for Vec<T> {
    fn mask_text(&mut self, rule: MaskRule) {
        for text in self {
            text.mask_text(rule);
        }
    }
}

impl<T: MaskText> MaskText for Personal<T> {
    fn mask_text(&mut self, rule: MaskRule) {
        self.expose_mut().mask_text(rule);
    }
}

impl<T: MakeSensitive> MakeSensitive for Option<T> {
    fn sensitive_fields() -> &'static [SensitiveField] {
        T::sensitive_fields()
    }

    fn mask_fields(&mut self) {
        if let Some(value) = self {
            value.mask_fields();
        }
    }
}

impl<T: MakeSensitive> MakeSensitive for Vec<T> {
    fn sensitive_fields() -> &'static [SensitiveField] {
        T::sensitive_fields()
    }

    fn mask_fields(&mut self) {
        for value in self {
            value.mask_fields();
        }
    }
}
