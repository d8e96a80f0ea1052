"""Run SQL statements: ``sql.py DATABASE STATEMENT…``, printing rows as JSON.

Runs under the virtual environment's Python, which has psycopg2; the tools do not.
"""

import json
import sys

import psycopg2


def main(database, statements):
    """Execute the statements one by one, outside of any transaction."""
    try:
        connection = psycopg2.connect(dbname=database)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        sys.exit(str(error).strip())
    print(json.dumps(rows, default=str))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
