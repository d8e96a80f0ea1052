{
    "name": "API OAuth2 Probe",
    "summary": "Tells where a call was served, logs in at once; for checks/e2e alone",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "api_auth_oauth2 contributors",
    "depends": ["api_auth_oauth2"],
}
