use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::future::BoxFuture;
use seaworthy_core::Timeout;

use crate::{
    ListOptions, ListPage, MultipartUpload, Object, ObjectKey, ObjectMeta, Part, PutOptions,
    SignedRequest, StorageError, content::Reader, range::ByteRange, signed::Grant,
};

/// The future of an operation of an engine.
pub(crate) type Step<'a, T> = BoxFuture<'a, Result<T, StorageError>>;

/// The interface of an engine. [`Storage`](crate::Storage) has checked all arguments.
pub(crate) trait Engine: fmt::Debug + Send + Sync {
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        content: Reader,
        options: &'a PutOptions,
    ) -> Step<'a, ObjectMeta>;
    fn head<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ObjectMeta>;
    fn get<'a>(&'a self, key: &'a ObjectKey, range: ByteRange) -> Step<'a, Object>;
    fn delete<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ()>;
    fn list<'a>(&'a self, options: &'a ListOptions) -> Step<'a, ListPage>;
    /// Returns the identifier of the upload.
    fn start<'a>(&'a self, key: &'a ObjectKey, options: &'a PutOptions) -> Step<'a, String>;
    fn put_part<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        number: u16,
        content: Bytes,
    ) -> Step<'a, Part>;
    /// `parts` have the numbers from 1.
    fn complete<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        parts: &'a [Part],
    ) -> Step<'a, ObjectMeta>;
    fn abort<'a>(&'a self, upload: &'a MultipartUpload) -> Step<'a, ()>;
    fn presign(&self, grant: &Grant<'_>, ttl: Timeout) -> Result<SignedRequest, StorageError>;
    fn check(&self) -> Step<'_, ()>;
}

/// Returns the entity tag of content in memory.
pub(crate) fn etag_of(content: &[u8]) -> String {
    let mut digest = Context::new(&SHA256);
    digest.update(content);
    HEXLOWER.encode(digest.finish().as_ref())
}
