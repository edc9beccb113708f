use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use seaworthy_core::Secret;
use zeroize::Zeroize as _;

use super::{SecretError, SecretFuture, SecretSource};

/// The maximum size of a secret, in bytes. Keys and certificate chains are smaller.
const MAX_SIZE: u64 = 64 << 10;

/// Secrets in files: `file:/run/secrets/name`. A line feed at the end is removed.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSecrets;

impl FileSecrets {
    pub(crate) fn get(path: &str) -> Result<Secret<String>, SecretError> {
        let refuse =
            |problem: String| SecretError::new(format!("the secret file {path} {problem}"));
        let unreadable =
            |error: std::io::Error| refuse(format!("cannot be read: {}", error.kind()));
        if !Path::new(path).metadata().map_err(unreadable)?.is_file() {
            return Err(refuse("is not a regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes));
        let length = u64::try_from(read.map_err(unreadable)?).unwrap_or(u64::MAX);
        if length > MAX_SIZE {
            bytes.zeroize();
            return Err(refuse(format!("is larger than {MAX_SIZE} bytes")));
        }
        let mut text = String::from_utf8(bytes).map_err(|error| {
            error.into_bytes().zeroize();
            refuse("is not UTF-8".to_owned())
        })?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.is_empty() {
            return Err(refuse("is empty".to_owned()));
        }
        Ok(Secret::new(text))
    }
}

impl SecretSource for FileSecrets {
    fn scheme(&self) -> &'static str {
        "file"
    }

    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a> {
        Box::pin(async move { Self::get(locator) })
    }

    fn file(&self, locator: &str) -> Option<PathBuf> {
        Some(PathBuf::from(locator))
    }
}
