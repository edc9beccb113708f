use data_encoding::BASE32_NOPAD;
use seaworthy_core::Error;
use seaworthy_data::{Connection, DataError, sql};

use crate::secret_token::{hash, random};

/// The number of codes of a user. Each is valid once.
const CODES: usize = 10;
/// Random bytes of a code. 80 bits cannot be guessed and are short enough to type.
const BYTES: usize = 10;
/// The number of letters between two dashes.
const GROUP: usize = 4;
/// The number of letters of a code, without dashes: five bits each.
const LENGTH: usize = BYTES * 8 / 5;

/// Replaces the codes of a user. A code has four groups of four letters, such as
/// `ABCD-EFGH-IJKL-MNOP`. The database stores only hashes.
pub(super) async fn replace(connection: &dyn Connection, user: &str) -> Result<Vec<String>, Error> {
    let codes: Vec<String> = (0..CODES).map(|_| generate()).collect::<Result<_, _>>()?;
    remove(connection, user).await?;
    for code in &codes {
        sql("INSERT INTO account_recovery_codes (user_id, code_hash) VALUES (?, ?)")
            .bind(user)
            .bind(stored(code))
            .execute(connection)
            .await?;
    }
    Ok(codes)
}

/// Consumes a code. Returns whether the user had it.
pub(super) async fn take(
    connection: &dyn Connection,
    user: &str,
    code: &str,
) -> Result<bool, DataError> {
    let taken = sql("DELETE FROM account_recovery_codes WHERE user_id = ? AND code_hash = ?")
        .bind(user)
        .bind(stored(code))
        .execute(connection)
        .await?;
    Ok(taken.rows_affected() > 0)
}

pub(super) async fn remove(connection: &dyn Connection, user: &str) -> Result<(), DataError> {
    sql("DELETE FROM account_recovery_codes WHERE user_id = ?")
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}

fn generate() -> Result<String, Error> {
    let text = BASE32_NOPAD.encode(&*random::<BYTES>()?);
    let groups: Vec<String> = text
        .as_bytes()
        .chunks(GROUP)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    Ok(groups.join("-"))
}

/// Whether a code has the length of a recovery code, so that it is not one of an application.
pub(super) fn is_recovery_code(code: &str) -> bool {
    normalized(code).len() == LENGTH
}

fn stored(code: &str) -> Vec<u8> {
    hash(normalized(code).as_bytes())
}

/// Returns the letters and digits in upper case: users type any case and leave out the dashes.
fn normalized(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recovery_code_may_be_typed_in_any_form_auth_4() {
        assert_eq!(stored("ABCD-EFGH"), stored("abcd efgh"));
        assert_ne!(stored("ABCD-EFGH"), stored("ABCD-EFGI"));
        assert!(is_recovery_code(&generate().unwrap()));
        assert!(!is_recovery_code("123 456"));
    }

    proptest! {
        #[test]
        fn hostile_codes_have_a_normal_form_auth_4(code in ".{0,80}") {
            let normal = normalized(&code);
            prop_assert!(normal.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()));
            prop_assert_eq!(is_recovery_code(&code), normal.len() == 16);
        }
    }
}
