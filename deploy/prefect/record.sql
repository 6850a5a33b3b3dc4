-- The record of videos that the caption flows keep: Prefect's own tables have some of its names.
CREATE DATABASE clipmill;
