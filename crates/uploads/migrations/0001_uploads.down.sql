DROP TABLE upload_owners;
DROP TABLE uploads;
