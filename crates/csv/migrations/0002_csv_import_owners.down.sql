DROP TABLE csv_import_owners;
