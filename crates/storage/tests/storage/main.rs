//! The conformance suite of all engines (FILE-1), and tests of single engines.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the lints know only functions marked as tests"
)]

mod fixture;
mod keys;
mod local;
mod multipart;
mod objects;
mod s3;
mod signed;
mod uploads;

/// Runs cases on all engines, each on an empty storage.
macro_rules! on_all_engines {
    ($($module:ident: $($case:ident),+;)+) => {
        mod memory {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(crate::fixture::TestStorage::memory().await).await;
            })+)+
        }
        mod file {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(crate::fixture::TestStorage::file().await).await;
            })+)+
        }
        mod versitygw {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(storage) = crate::fixture::TestStorage::s3() else {
                    return;
                };
                crate::$module::$case(storage).await;
            })+)+
        }
    };
}

on_all_engines! {
    objects:
        put_objects_round_trip_file_1,
        empty_objects_round_trip_file_1,
        put_replaces_whole_object_file_1,
        missing_objects_are_not_found_file_1,
        delete_of_missing_object_succeeds_file_1,
        ranges_return_their_bytes_file_1,
        large_objects_stream_in_and_out_file_1,
        readers_of_replaced_object_see_no_mixture_file_1,
        invalid_media_types_are_rejected_file_1;
    uploads:
        failed_streams_leave_no_object_file_1,
        dropped_uploads_leave_no_object_file_1,
        wrong_declared_sizes_are_rejected_file_1,
        content_above_limit_is_rejected_file_1,
        failed_uploads_keep_old_object_file_1,
        one_of_concurrent_creations_succeeds_file_1;
    keys:
        unusual_keys_round_trip_file_1,
        lists_are_in_key_order_file_1,
        lists_have_prefixes_and_pages_file_1,
        empty_lists_have_no_next_page_file_1;
    multipart:
        parts_in_any_order_make_one_object_file_1,
        unfinished_uploads_are_not_visible_file_1,
        aborted_uploads_accept_no_parts_file_1,
        replaced_parts_are_not_completed_file_1,
        invalid_part_lists_are_rejected_file_1,
        conditional_multipart_keeps_existing_object_file_1,
        completed_uploads_are_unknown_file_1;
    signed:
        signed_uploads_store_objects_file_1,
        signed_uploads_bind_size_and_type_file_1,
        open_signed_uploads_have_a_maximum_file_1,
        signed_uploads_can_keep_existing_objects_file_1,
        signed_urls_bind_method_and_key_file_1,
        signed_urls_expire_file_1,
        signed_downloads_return_objects_file_1,
        signed_parts_complete_uploads_file_1,
        invalid_terms_are_not_signed_file_1;
}
