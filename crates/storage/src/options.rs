use crate::{ObjectKey, StorageError, key};

/// The maximum size of a page, as in S3.
const MAX_KEYS: u16 = 1000;
/// Maximum length of a media type, longer than every registered one with parameters.
const MAX_CONTENT_TYPE_SIZE: usize = 200;

/// Options of an upload.
///
/// ```
/// use seaworthy_storage::{ObjectKey, PutOptions, Storage, StorageConfig, StorageError};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let media = Storage::open("media", &StorageConfig::default())?;
/// let key: ObjectKey = "covers/7.jpg".parse()?;
/// let options = PutOptions::new("image/jpeg").only_if_absent();
/// media.put(&key, "the picture", &options).await?;
/// let again = media.put(&key, "another picture", &options).await;
/// assert!(matches!(again, Err(StorageError::AlreadyExists(_))));
/// # Ok::<_, StorageError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct PutOptions {
    pub(crate) content_type: String,
    pub(crate) only_if_absent: bool,
}

impl PutOptions {
    /// Creates options for content of this media type, such as `image/jpeg`.
    pub fn new(content_type: impl Into<String>) -> Self {
        Self {
            content_type: content_type.into(),
            only_if_absent: false,
        }
    }

    /// Makes the upload fail with [`StorageError::AlreadyExists`] if the object exists. Of several
    /// concurrent uploads one succeeds.
    pub fn only_if_absent(mut self) -> Self {
        self.only_if_absent = true;
        self
    }

    pub(crate) fn check(&self) -> Result<(), StorageError> {
        check_content_type(&self.content_type)
    }
}

/// The size and the media type that a signed upload must have.
///
/// ```
/// use seaworthy_storage::UploadConstraints;
///
/// let picture = UploadConstraints::new(52_133, "image/jpeg");
/// let unknown = UploadConstraints::with_max_size(10 * 1024 * 1024);
/// assert_ne!(picture, unknown);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct UploadConstraints {
    pub(crate) bound: Bound,
    pub(crate) only_if_absent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bound {
    Exact { size: u64, content_type: String },
    AtMost { max: u64, is_enforced: bool },
}

impl UploadConstraints {
    /// Creates constraints. `size` is the exact size in bytes.
    pub fn new(size: u64, content_type: impl Into<String>) -> Self {
        Self::of(Bound::Exact {
            size,
            content_type: content_type.into(),
        })
    }

    /// Creates constraints for a client that does not declare the size and the media type in
    /// advance. The storage rejects content above `max_size` bytes.
    ///
    /// S3 does not support it, because its signed URLs cannot contain a maximum.
    pub fn with_max_size(max_size: u64) -> Self {
        Self::of(Bound::AtMost {
            max: max_size,
            is_enforced: true,
        })
    }

    /// Creates constraints like [`with_max_size`](Self::with_max_size) that S3 accepts without
    /// enforcing them: a client can send any size while the URL is valid. Compare the size of the
    /// object with `max_size` before you use it, and delete an object that is too large.
    pub fn with_unenforced_max_size(max_size: u64) -> Self {
        Self::of(Bound::AtMost {
            max: max_size,
            is_enforced: false,
        })
    }

    const fn of(bound: Bound) -> Self {
        Self {
            bound,
            only_if_absent: false,
        }
    }

    /// Makes the storage reject an upload if the object exists. A client cannot replace content
    /// that you have checked, even while the URL is valid.
    pub const fn only_if_absent(mut self) -> Self {
        self.only_if_absent = true;
        self
    }

    /// Returns whether a storage has to reject content above a maximum that no header binds.
    pub(crate) fn needs_max_size(&self) -> bool {
        matches!(
            self.bound,
            Bound::AtMost {
                is_enforced: true,
                ..
            }
        )
    }

    /// Returns the maximum size, in bytes.
    pub(crate) fn max_size(&self) -> u64 {
        match self.bound {
            Bound::Exact { size, .. } | Bound::AtMost { max: size, .. } => size,
        }
    }

    pub(crate) fn check(&self) -> Result<(), StorageError> {
        match &self.bound {
            Bound::Exact { content_type, .. } => check_content_type(content_type),
            Bound::AtMost { .. } => Ok(()),
        }
    }
}

/// A media type is part of requests and signatures, so it must be one plain header value.
pub(crate) fn check_content_type(text: &str) -> Result<(), StorageError> {
    let is_plain = text.len() <= MAX_CONTENT_TYPE_SIZE
        && text.contains('/')
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim() == text;
    if is_plain {
        Ok(())
    } else {
        Err(StorageError::Argument(
            "the media type is not valid: use TYPE/SUBTYPE, such as image/jpeg",
        ))
    }
}

/// Options of a list.
///
/// ```
/// use seaworthy_storage::{ListOptions, ObjectKey, PutOptions, Storage, StorageConfig};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let media = Storage::open("media", &StorageConfig::default())?;
/// for name in ["covers/1.jpg", "covers/2.jpg", "other/3.jpg"] {
///     let key: ObjectKey = name.parse()?;
///     media.put(&key, "a picture", &PutOptions::new("image/jpeg")).await?;
/// }
/// let page = media.list(&ListOptions::new("covers/").max_keys(1)).await?;
/// assert_eq!(page.objects.len(), 1);
/// let last = ListOptions::new("covers/").start_after(page.next.unwrap());
/// assert_eq!(media.list(&last).await?.objects.len(), 1);
/// # Ok::<_, seaworthy_storage::StorageError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ListOptions {
    pub(crate) prefix: String,
    pub(crate) after: Option<ObjectKey>,
    pub(crate) max_keys: u16,
}

impl ListOptions {
    /// Lists the objects whose keys begin with `prefix`. An empty prefix lists all.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            after: None,
            max_keys: MAX_KEYS,
        }
    }

    /// Begins after this key. Use [`ListPage::next`](crate::ListPage::next) of the last page.
    pub fn start_after(mut self, key: ObjectKey) -> Self {
        self.after = Some(key);
        self
    }

    /// Sets the maximum number of objects of a page, from 1 to 1,000.
    pub fn max_keys(mut self, max_keys: u16) -> Self {
        self.max_keys = max_keys.clamp(1, MAX_KEYS);
        self
    }

    pub(crate) fn check(&self) -> Result<(), StorageError> {
        if self.prefix.len() > key::MAX_KEY_SIZE || key::has_forbidden(&self.prefix) {
            return Err(StorageError::Argument(
                "the prefix is longer than 1024 bytes, or contains a control character or a backslash",
            ));
        }
        Ok(())
    }
}
