use std::convert::Infallible;

use futures::stream;

use super::*;

const CHUNK: usize = 8 * 1024;

/// Returns a form of this text, and the number of bytes that its reader has taken.
fn form(text: &str) -> (Form, Arc<AtomicUsize>) {
    let taken = Arc::<AtomicUsize>::default();
    let chunks: Vec<_> = text
        .as_bytes()
        .chunks(CHUNK)
        .map(Bytes::copy_from_slice)
        .collect();
    let counter = Arc::clone(&taken);
    let body = stream::iter(chunks).map(move |chunk| {
        counter.fetch_add(chunk.len(), Ordering::SeqCst);
        Ok::<_, Infallible>(chunk)
    });
    let form = Form::new(
        Body::from_stream(body),
        "x".to_owned(),
        ByteSize::mebibytes(1),
    );
    (form, taken)
}

fn option(name: &str, value: &str) -> String {
    format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(content: &str) -> String {
    format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv; charset=utf-8\r\n\r\n{content}\r\n--x--\r\n"
    )
}

#[tokio::test]
async fn form_has_options_and_a_streamed_file_file_1() {
    let content = "y".repeat(700_000);
    let (mut form, taken) = form(&format!("{}{}", option("mode", "batches"), file(&content)));
    let mode = form.next_field().await.unwrap().unwrap();
    assert_eq!((mode.name(), mode.file_name()), (Some("mode"), None));
    assert_eq!(mode.text(ByteSize::bytes(7)).await.unwrap(), "batches");
    let field = form.next_field().await.unwrap().unwrap();
    assert_eq!(field.file_name(), Some("a.csv"));
    assert_eq!(field.content_type(), Some("text/csv"));
    assert!(taken.load(Ordering::SeqCst) <= MAX_AHEAD + CHUNK);
    let mut chunks = pin!(field.into_file());
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        length += chunk.unwrap().len();
        let ahead = taken.load(Ordering::SeqCst).saturating_sub(length);
        assert!(ahead <= MAX_AHEAD + CHUNK, "{ahead} bytes are read ahead");
    }
    assert_eq!(length, content.len());
}

#[tokio::test]
async fn endless_header_and_field_are_rejected_early_sec_3() {
    let endless = "y".repeat(1_000_000);
    let header = format!("--x\r\nContent-Disposition: form-data; x={endless}");
    for text in [header, option("skipped", &endless)] {
        let (mut form, taken) = form(&text);
        let read = async {
            while let Some(field) = form.next_field().await? {
                drop(field);
            }
            Ok(())
        };
        let refused = read.await;
        assert!(
            matches!(refused, Err(FormError::FieldsTooLarge)),
            "{refused:?}"
        );
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken <= MAX_AHEAD + CHUNK, "{taken} bytes are read");
    }
    let (mut form, _) = form(&option("mode", &endless));
    let mode = form.next_field().await.unwrap().unwrap();
    let refused = mode.text(ByteSize::kibibytes(1)).await;
    assert!(
        matches!(refused, Err(FormError::TooLarge(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn file_beyond_its_limit_is_rejected_sec_3() {
    let (mut form, _) = form(&file(&"y".repeat(1_100_000)));
    let field = form.next_field().await.unwrap().unwrap();
    // The stream ends after the error.
    let chunks: Vec<_> = field.into_file().take(1_000).collect().await;
    assert!(chunks.len() < 1_000);
    let last = chunks.last().unwrap();
    assert!(matches!(last, Err(FormError::TooLarge(_))), "{last:?}");
}
