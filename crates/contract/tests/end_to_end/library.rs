//! A library that keeps no state and returns its requests.

use futures::{StreamExt, stream};
use seaworthy_contract::{Code, Error, MessageStream};

use crate::generated::{
    Book, CreateBookRequest, Everything, File, GetBookRequest, GetFileRequest, ImportBooksResponse,
    LendBookRequest, Lending, Library, ListBooksRequest, ListBooksResponse, UpdateBookRequest,
};

pub(crate) struct Shelves;

impl Library for Shelves {
    async fn create_book(&self, request: CreateBookRequest) -> Result<Book, Error> {
        let mut book = request.book.unwrap_or_default();
        book.name = format!("{}/books/7", request.parent);
        if request.dry_run {
            book.id = u64::MAX;
        }
        Ok(book)
    }

    async fn get_book(&self, request: GetBookRequest) -> Result<Book, Error> {
        match request.name.as_str() {
            "shelves/1/books/404" => {
                Err(
                    Error::new(Code::NotFound, "BOOK_NOT_FOUND", "there is no such book")
                        .with_cause("row 404 of table books"),
                )
            }
            name => Ok(Book {
                name: name.to_owned(),
                title: format!("isbn {}", request.isbn),
                ..Book::default()
            }),
        }
    }

    async fn update_book(&self, request: UpdateBookRequest) -> Result<Book, Error> {
        let mut book = request.book.unwrap_or_default();
        if let Some(mask) = request.update_mask {
            book.note = mask.paths.join(",");
        }
        Ok(book)
    }

    async fn delete_book(&self, _request: GetBookRequest) -> Result<(), Error> {
        Ok(())
    }

    async fn list_books(&self, request: ListBooksRequest) -> Result<ListBooksResponse, Error> {
        Ok(ListBooksResponse {
            total_count: u64::from(request.page_size),
            books: vec![Book {
                name: format!("{}/books/1", request.parent),
                note: format!("{request:?}"),
                ..Book::default()
            }],
        })
    }

    async fn lend_book(&self, request: LendBookRequest) -> Result<Book, Error> {
        Ok(Book {
            name: request.name,
            note: request.reader,
            ..Book::default()
        })
    }

    async fn get_file(&self, request: GetFileRequest) -> Result<File, Error> {
        Ok(File { path: request.path })
    }

    async fn echo(&self, request: Everything) -> Result<Everything, Error> {
        Ok(request)
    }

    async fn watch_book(&self, request: GetBookRequest) -> Result<MessageStream<Lending>, Error> {
        if request.name.ends_with("404") {
            return Err(Error::new(
                Code::NotFound,
                "BOOK_NOT_FOUND",
                "there is no such book",
            ));
        }
        let lending = |number| {
            Ok(Lending {
                number,
                reader: "Ada".to_owned(),
            })
        };
        let mut lendings = vec![lending(1), lending(2)];
        if request.name.ends_with("/500") {
            lendings.push(Err(Error::internal("disk on fire")));
            lendings.push(lending(4));
        }
        Ok(Box::pin(stream::iter(lendings)))
    }

    async fn import_books(
        &self,
        mut request: MessageStream<Book>,
    ) -> Result<ImportBooksResponse, Error> {
        let mut count = 0;
        while let Some(book) = request.next().await {
            book?;
            count += 1;
        }
        Ok(ImportBooksResponse { count })
    }

    async fn mirror(&self, request: MessageStream<Book>) -> Result<MessageStream<Book>, Error> {
        Ok(request)
    }
}
