"""A run as an Allure report: results that hold no value, labelled pictures, and one HTML page that asks nobody."""
