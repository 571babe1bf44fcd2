{#- nbgrader's template of this name looks for a file that has another name now, and answers with error 500. -#}
{%- extends 'gradebook_base.tpl' -%}

{%- set base_url = resources.base_url -%}

{%- block body -%}
<ol class="breadcrumb">
  <li><a href="{{ base_url }}/formgrader/gradebook">Manual Grading</a></li>
  <li><a href="{{ base_url }}/formgrader/gradebook/{{ resources.assignment_id }}">{{ resources.assignment_id }}</a></li>
  <li><a href="{{ base_url }}/formgrader/gradebook/{{ resources.assignment_id }}/{{ resources.notebook_id }}">{{ resources.notebook_id }}</a></li>
  <li class="active">{{ resources.student }}</li>
</ol>
<div id="notebook">
<p>This submission is in the gradebook, but its notebook is not on the disk: <code>{{ resources.filename | e }}</code></p>
<p>Grade it again.</p>
</div>
{%- endblock -%}
