use std::{num::NonZeroU32, sync::Arc, thread::available_parallelism};

use bytes::Bytes;
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

use crate::{
    ImageError, ImageFormat, ImagesConfig, Picture, Rendition, format, header, render::render,
};

/// The bytes of a permit. The number of permits of a call is a `u32`, too small for bytes.
const KIBIBYTE: u64 = 1024;

/// Renders pictures within a budget of memory and threads. Clones share the budget.
///
/// ```
/// use seaworthy_images::{Images, ImagesConfig};
///
/// let config = ImagesConfig::default();
/// assert_eq!(Images::new(&config).config().max_memory, config.max_memory);
/// ```
#[derive(Debug, Clone)]
pub struct Images(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: ImagesConfig,
    formats: &'static [ImageFormat],
    /// The memory budget, with one permit per kibibyte.
    memory: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Images {
    /// Creates a pool with these limits that accepts every [`ImageFormat`].
    #[must_use]
    pub fn new(config: &ImagesConfig) -> Self {
        Self::with_formats(config, ImageFormat::ALL)
    }

    /// Creates a pool with these limits that accepts only pictures in `formats`.
    ///
    /// ```
    /// use seaworthy_images::{ImageFormat, Images, ImagesConfig, Rendition};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let formats = &[ImageFormat::Jpeg, ImageFormat::Png];
    /// let images = Images::with_formats(&ImagesConfig::default(), formats);
    /// let gif: &[u8] = b"GIF89a";
    /// let error = images.render(gif, &[Rendition::square(256)]).await.unwrap_err();
    /// assert_eq!(error.to_string(), "the format of the file is not accepted: use JPEG or PNG");
    /// # });
    /// ```
    #[must_use]
    pub fn with_formats(config: &ImagesConfig, formats: &'static [ImageFormat]) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let threads = config.max_concurrency.map(NonZeroU32::get);
        let threads = threads.map_or(cores, |threads| usize::try_from(threads).unwrap_or(cores));
        let memory = permits(config.max_memory.get());
        Self(Arc::new(Inner {
            memory: Arc::new(Semaphore::new(usize::try_from(memory).unwrap_or(0))),
            threads: Arc::new(Semaphore::new(threads.min(Semaphore::MAX_PERMITS))),
            config: config.clone(),
            formats,
        }))
    }

    /// Returns the limits.
    #[must_use]
    pub fn config(&self) -> &ImagesConfig {
        &self.0.config
    }

    /// Renders pictures from a file, in the order of `renditions`. It waits until other calls have
    /// released enough memory. If you drop the future, a picture that is being decoded keeps its
    /// memory until the thread has finished.
    ///
    /// # Errors
    /// [`ImageError`] if the file exceeds a limit or is damaged.
    pub async fn render(
        &self,
        bytes: impl Into<Bytes>,
        renditions: &[Rendition],
    ) -> Result<Vec<Picture>, ImageError> {
        let bytes = bytes.into();
        let formats = self.0.formats;
        let format = ImageFormat::detect(&bytes).filter(|format| formats.contains(format));
        let format = format.ok_or_else(|| ImageError::UnknownFormat {
            accepted: format::list(formats),
        })?;
        let weight = header::check(&bytes, format, &self.0.config)?;
        let (memory, threads) = (Arc::clone(&self.0.memory), Arc::clone(&self.0.threads));
        let memory = memory.acquire_many_owned(permits(weight.0)).await;
        let thread = threads.acquire_owned().await;
        let (pool, renditions) = (Arc::clone(&self.0), renditions.to_vec());
        let rendered = spawn_blocking(move || {
            let rendered = render(&bytes, format, &pool.config, &renditions);
            drop((memory, thread));
            rendered
        });
        rendered
            .await
            .unwrap_or_else(|error| Err(image_error(error)))
    }
}

/// Returns the error of a thread without a result. A decoder that panics does so at each attempt.
fn image_error(error: JoinError) -> ImageError {
    if error.is_panic() {
        ImageError::damaged(error)
    } else {
        ImageError::failed(error)
    }
}

fn permits(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(KIBIBYTE)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_of_a_decoder_is_permanent_file_1() {
        let panicked = spawn_blocking(|| panic!("a decoder has a defect")).await;
        let error = image_error(panicked.unwrap_err());
        assert!(!error.is_transient(), "{error:?}");
        assert_eq!(error.reason(), "DAMAGED");
    }
}
