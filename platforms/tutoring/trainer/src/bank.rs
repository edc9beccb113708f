use seaworthy::{
    crypto::{Context, Encrypted, Sealer},
    data::FromRow,
    mask::MaskRule,
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_identity::Checks;

/// The table, which is a part of the associated data of the encryption.
const TABLE: &str = "bank_details";
/// The digits of an account number that responses show.
const SHOWN_DIGITS: usize = 4;
/// The letters of an IFSC that name the bank.
const BANK_LETTERS: usize = 4;
const IFSC_LENGTH: usize = 11;

/// Bank details, as a trainer sends them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BankDetails {
    account_number: Secret<String>,
    ifsc: Secret<String>,
    account_holder_name: Option<Secret<String>>,
}

/// Bank details as stored.
#[derive(Debug, FromRow)]
pub(crate) struct SealedBankDetails {
    pub(crate) account_number: Encrypted<String>,
    pub(crate) ifsc: Encrypted<String>,
    pub(crate) account_holder: Encrypted<String>,
}

fn is_account_number(text: &str) -> bool {
    (9..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a code of the Reserve Bank: four letters, a zero, and six letters or digits.
fn is_ifsc(text: &str) -> bool {
    let is_valid = |(index, byte): (usize, u8)| match index {
        0..BANK_LETTERS => byte.is_ascii_uppercase(),
        BANK_LETTERS => byte == b'0',
        _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
    };
    text.len() == IFSC_LENGTH && text.bytes().enumerate().all(is_valid)
}

fn context(column: &str, trainer: Uuid) -> Context {
    Context::new(TABLE, column).row(&trainer.to_string())
}

impl BankDetails {
    /// Checks and encrypts the details of a trainer.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) async fn sealed(
        &self,
        sealer: &Sealer,
        trainer: Uuid,
    ) -> Result<SealedBankDetails, Error> {
        let mut checks = Checks::new();
        let is_number = is_account_number(self.account_number.expose());
        checks.require("accountNumber", is_number, "must be 9 to 18 digits");
        let problem = "must be an IFSC such as HDFC0001234";
        checks.require("ifsc", is_ifsc(self.ifsc.expose()), problem);
        let holder = self.account_holder_name.as_ref();
        if let Some(name) = holder {
            checks.length("accountHolderName", name.expose(), 2, 150);
        }
        // An absent name is stored as an empty text.
        let holder = holder.map_or("", |name| name.expose());
        checks.finish()?;
        let seal = async |column: &str, text: &str| {
            let text = text.to_owned();
            let sealed = sealer.seal(&text, &context(column, trainer)).await;
            sealed.map_err(Error::internal)
        };
        Ok(SealedBankDetails {
            account_number: seal("account_number", self.account_number.expose()).await?,
            ifsc: seal("ifsc", self.ifsc.expose()).await?,
            account_holder: seal("account_holder", holder).await?,
        })
    }
}

impl SealedBankDetails {
    /// Returns the masked details of a trainer.
    ///
    /// # Errors
    /// [`Code::Internal`] if the key has changed, or if a value was moved from another row.
    pub(crate) async fn masked(&self, sealer: &Sealer, trainer: Uuid) -> Result<Value, Error> {
        let open = async |column: &str, text: &Encrypted<String>| {
            let opened = sealer.open(text, &context(column, trainer)).await;
            opened.map_err(Error::internal)
        };
        let number = open("account_number", &self.account_number).await?;
        let ifsc = open("ifsc", &self.ifsc).await?;
        let holder = open("account_holder", &self.account_holder).await?;
        Ok(json!({
            "accountNumber": masked(&number, 0, SHOWN_DIGITS),
            "ifsc": masked(&ifsc, BANK_LETTERS, 0),
            "accountHolderName": Some(holder).filter(|name| !name.is_empty()),
        }))
    }
}

/// Replaces all characters between the first and the last ones.
fn masked(text: &str, start: usize, end: usize) -> String {
    let rule = MaskRule::Keep {
        start,
        end,
        mask_char: '*',
    };
    rule.mask(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_and_codes_are_masked_sec_4() {
        assert_eq!(masked("123456789012", 0, SHOWN_DIGITS), "********9012");
        assert_eq!(masked("HDFC0001234", BANK_LETTERS, 0), "HDFC*******");
    }

    #[test]
    fn malformed_codes_are_rejected_api_3() {
        assert!(is_ifsc("HDFC0001234") && is_account_number("123456789"));
        for text in [
            "hdfc0001234",
            "HDFC1001234",
            "HDFC000123",
            "HDFC000123-",
            "",
        ] {
            assert!(!is_ifsc(text), "{text}");
        }
        for text in ["12345678", "1234567890123456789", "12345678x", ""] {
            assert!(!is_account_number(text), "{text}");
        }
    }
}
