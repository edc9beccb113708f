DROP TABLE csv_import_bad_rows;
DROP TABLE csv_import_pieces;
DROP TABLE csv_imports;
